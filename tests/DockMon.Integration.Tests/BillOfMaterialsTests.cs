using System.Text.Json;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>What a release says of its parts: eng/sbom.cs, and the list of an image's packages in eng/lib.sh.</summary>
public sealed class BillOfMaterialsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Agent", "linux-x64", "YamlDotNet@", "Microsoft.NETCore.App.Runtime.NativeAOT.linux-x64@")]
    [InlineData("Hub", "linux-arm64", "SQLitePCLRaw.lib.e_sqlite3@", "Microsoft.AspNetCore.App.Runtime.linux-arm64@")]
    public async Task A_bill_names_what_is_linked_for_that_processor_and_what_the_image_has_besides(string project, string rid, params string[] parts)
    {
        File.WriteAllText(_folder.File("program"), "program");
        File.WriteAllText(_folder.File("packages"), "libc6\t2.36-9+deb12u14\tamd64\tdebian-12\n");
        var assets = Path.Combine(Repository.Root, "artifacts/obj", "DockMon." + project, "project.assets.json");
        var bill = await BillAsync(assets, rid, "3.1.0", _folder.File("program"), "2026-01-01T00:00:00Z", _folder.File("packages"));

        var components = bill.GetProperty("components").EnumerateArray();
        var purls = components.Select(part => part.TryGetProperty("purl", out var purl) ? purl.GetString()! : "").ToList();
        foreach (var part in parts)
        {
            purls.ShouldContain(purl => purl.StartsWith("pkg:nuget/" + part, StringComparison.Ordinal));
        }

        purls.ShouldContain("pkg:deb/debian/libc6@2.36-9%2Bdeb12u14?arch=amd64&distro=debian-12");
        purls.ShouldNotContain(purl => purl.Contains("Analyzers", StringComparison.Ordinal) || purl.Contains("ILLink", StringComparison.Ordinal));
        purls.Where(purl => purl.Contains(".linux-", StringComparison.Ordinal)).ShouldAllBe(purl => purl.Contains("." + rid + "@"));
        bill.GetProperty("metadata").GetProperty("component").GetProperty("type").GetString().ShouldBe("container");
        var program = bill.GetProperty("components")[0];
        program.GetProperty("hashes")[0].GetProperty("content").GetString().ShouldBe(OtherAgent.Sha256(_folder.File("program")));
    }

    [Fact]
    public async Task The_packages_of_the_agents_image_are_known()
    {
        var image = Environment.GetEnvironmentVariable("DOCKMON_AGENT_IMAGE") ?? "";
        Assert.SkipWhen(image.Length == 0, "DOCKMON_AGENT_IMAGE names no image of the agent; ./test builds one.");
        var packages = await RunAsync("bash", "-c", $"cd {Repository.Root} && . eng/lib.sh && image_packages {image}");
        packages.Split('\n').ShouldContain(line => line.StartsWith("libc6\t", StringComparison.Ordinal) && line.Split('\t').Length == 4);
        packages.ShouldContain("libssl3");
    }

    // "dotnet run" of one file cannot be run twice at once: it locks what it keeps of the build. eng/release takes the same turn.
    private static async Task<JsonElement> BillAsync(params string[] arguments)
    {
        var folder = Path.Combine(Repository.Root, "eng");
        return JsonElement.Parse(await RunAsync("flock", ["--close", folder, "dotnet", "run", Path.Combine(folder, "sbom.cs"), "--", .. arguments]));
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        await using var process = ProgramProcess.Start(program, arguments, new Dictionary<string, string>());
        (await process.WaitForExitAsync(Token)).ShouldBe(0, process.Tail());
        return string.Join('\n', process.Lines);
    }
}
