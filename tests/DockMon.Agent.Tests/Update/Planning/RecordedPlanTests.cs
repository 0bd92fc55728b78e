using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Agent.Update.Planning;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Update.Planning;

/// <summary>
/// Plans for containers as real engines describe them: one file with the inspect object and one with the plan for each. The fidelity tests record the
/// first (DOCKMON_RECORD=folder) and prove on the engine that what is planned is right; with DOCKMON_APPROVE=1 this test writes the second.
/// </summary>
public sealed class RecordedPlanTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests/DockMon.Agent.Tests/Update/Recorded");
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TheoryData<string> Containers =>
        [.. Directory.GetFiles(Folder, "*.container.json", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Folder, file))
            .Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Containers))]
    public void What_is_planned(string file)
    {
        var path = Path.Combine(Folder, file);
        var image = Read(Path.Combine(Path.GetDirectoryName(path)!, "image.json"));
        var plan = UpdatePlanner.Plan(Read(path), image, "example.org/app:2");
        var actual = new JsonObject
        {
            ["create"] = plan.CreateBody,
            ["connect"] = new JsonObject(plan.Networks.Select(network => KeyValuePair.Create(network.Key, (JsonNode?)network.Value))),
            ["reasons"] = new JsonArray([.. plan.Reasons.Select(reason => (JsonNode)reason)]),
        }.ToJsonString(Indented) + "\n";
        var expected = path.Replace(".container.json", ".plan.json", StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("DOCKMON_APPROVE") == "1")
        {
            File.WriteAllText(expected, actual);
        }

        actual.ShouldBe(File.ReadAllText(expected));
    }

    private static JsonObject Read(string path) => JsonNode.Parse(File.ReadAllText(path))!.AsObject();
}
