using System.Text.Json;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>The image for arm64: its cross-compiled program, run by an emulator on its libraries, against the machine's own engine.</summary>
public sealed class Arm64Tests
{
    private static readonly DockerCli Docker = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_arm64_program_registers_lists_operates_and_streams()
    {
        var root = Environment.GetEnvironmentVariable("DOCKMON_ARM64_ROOT") ?? "";
        Assert.SkipWhen(root.Length == 0, "DOCKMON_ARM64_ROOT names no directory with the image for arm64; ./test makes one on amd64.");
        await using var containers = new TestContainers(Docker, "dockmon-arm64");
        await using var installation = await Installation.StartAsync(Token, emulator: ["qemu-aarch64-static", "-L", root, root + "/app/dockmon-agent"]);

        (await GetAsync(installation, "/api/hosts"))[0].GetProperty("registration").GetProperty("agent_arch").GetString().ShouldBe("arm64");

        var id = await containers.RunAsync([], Token);
        var list = await installation.CommandAsync("list_containers", Token);
        list.EnumerateArray().ShouldContain(item => item.GetProperty("Id").GetString() == id);
        await Retry.UntilAsync("its start is told", async () => (await installation.EventsOfAsync(id, Token)).Contains("start"), ct: Token);
        await Retry.UntilAsync(
            "its samples come",
            async () => (await GetAsync(installation, $"/api/hosts/{installation.HostId}/stats")).GetProperty("containers").TryGetProperty(id, out _),
            ct: Token);

        await installation.OperateAsync("restart", id, Token);
        installation.Agent.Terminate();
        (await installation.Agent.WaitForExitAsync(Token)).ShouldBe(0, installation.Agent.Tail());
    }

    private static async Task<JsonElement> GetAsync(Installation installation, string path) =>
        JsonDocument.Parse(await installation.Http.GetStringAsync(path, Token)).RootElement;
}
