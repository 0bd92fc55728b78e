using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>What a server had done is written down, for each kind of work, whatever becomes of the agent or of its disk.</summary>
public sealed class AuditTests : IAsyncDisposable
{
    private static readonly DockerCli Docker = new();
    private readonly TestContainers _containers = new(Docker, "dockmon-audit");
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _containers.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Each_kind_of_work_has_a_begin_and_an_end_and_no_secret_is_told()
    {
        await using var compose = await ComposeFixture.StartAsync(Token);
        var installation = compose.Installation;
        var name = _containers.NewName();
        _containers.Own(name);
        var config = JsonNode.Parse($$"""
            {"image":"{{TestImage.Name}}","name":"{{name}}","command":["sleep","3601"],"environment":{"PASSWORD":"variable-s3cret"},"volumes":["/srv:/srv:ro"]}
            """);
        await installation.OperateAsync("create", "", Token, new() { ["config"] = config });
        await installation.OperateAsync("start", name, Token);
        await installation.OperateAsync("inspect", name, Token);
        await using (var shell = await ShellClient.OpenAsync(installation, name, Token))
        {
            await shell.WriteAsync("echo typed-s3cret; exit\n", Token);
            await shell.WaitForCloseAsync(Token);
        }

        await installation.CommandAsync("read_compose_file", Token, new() { ["path"] = "/nosuch/compose.yaml" });
        var (update, _) = await installation.UpdateAsync(
            new()
            {
                ["container_id"] = name,
                ["new_image"] = "127.0.0.1:9/nosuch:1",
                ["registry_auth"] = new JsonObject { ["username"] = "u", ["password"] = "registry-s3cret" },
            },
            Token);
        update.ShouldBe("update_progress");
        var (_, end) = await compose.DeployAsync(
            "up",
            $"services: {{web: {{image: {TestImage.Name}, command: sleep 3600, init: true, pid: host, environment: {{A: compose-s3cret, B: \"${{B}}\"}}}}}}",
            Token,
            new()
            {
                ["env_files"] = new JsonObject { [".env"] = "B=env-file-s3cret\n" },
                ["registry_credentials"] = new JsonArray(new JsonObject { ["registry_url"] = "r.test", ["username"] = "u", ["password"] = "login-s3cret" }),
            });
        end.GetProperty("success").GetBoolean().ShouldBeTrue(end.ToString());
        await compose.DeployAsync("down", null, Token);
        await Should.ThrowAsync<OperationFailedException>(() => installation.CommandAsync("self_update", Token, []));
        await installation.OperateAsync("remove", name, Token, new() { ["force"] = true });
        installation.Agent.Terminate();
        (await installation.Agent.WaitForExitAsync(Token)).ShouldBe(0);

        var records = await ReadAsync(installation.AgentData);
        records.Select(Word).ShouldBe([
            "noted agent_start ok", "noted registration ok", "begin create", "end create ok", "begin start", "end start ok", "begin shell", "end shell ok",
            "begin read_compose_file", "end read_compose_file failed", "begin update_container", "end update_container failed",
            "begin deploy_compose", "noted deploy_compose", "end deploy_compose ok", "begin deploy_compose", "end deploy_compose ok",
            "begin self_update", "end self_update failed", "begin remove", "end remove ok", "noted agent_stop ok"]);
        records.Single(record => Word(record) == "begin start").GetProperty("dangers")[0].GetString().ShouldBe("host path /srv");
        records.Single(record => Word(record) == "noted deploy_compose").GetProperty("dangers")[0].GetString()
            .ShouldBe("service web: host process namespace");
        records.ShouldAllBe(record => record.GetProperty("server").GetString()!.StartsWith("ws://127.0.0.1:", StringComparison.Ordinal));
        var told = await File.ReadAllTextAsync(Path.Combine(installation.AgentData, "audit", "audit.jsonl"), Token)
            + string.Join('\n', installation.Agent.Lines.Where(line => line.Contains("udit", StringComparison.Ordinal)));
        told.ShouldContain("Audit 3 begin create");
        told.ShouldNotContain("s3cret");
        told.ShouldNotContain("3601");
        (await VerifyAsync(installation.AgentData)).ShouldBe((0, "The chain is whole."));
    }

    [Fact]
    public async Task A_killed_agent_leaves_a_begin_and_its_successor_says_that_the_end_is_unknown()
    {
        await using var installation = await Installation.StartAsync(Token);
        var id = await _containers.RunAsync(["sh", "-c", "trap '' TERM; while :; do sleep 1; done"], Token);
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var stopping = installation.OperateAsync("stop", id, gone.Token, new() { ["timeout"] = 60 });
        await installation.Agent.WaitForLineAsync("begin stop", Token);
        installation.Agent.Kill();
        await installation.Agent.WaitForExitAsync(Token);
        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => stopping);
        var begun = (await ReadAsync(installation.AgentData))[^1];
        Word(begun).ShouldBe("begin stop");

        installation.StartAgent();
        await installation.Agent.WaitForLineAsync("Connected to ", Token);
        var ended = (await ReadAsync(installation.AgentData)).Single(record => Word(record).StartsWith("end stop", StringComparison.Ordinal));
        ended.GetProperty("begin").GetInt64().ShouldBe(begun.GetProperty("sequence").GetInt64());
        ended.GetProperty("outcome").GetString().ShouldBe("unknown: the agent ended before it was done");
        ended.GetProperty("container").GetProperty("id").GetString().ShouldBe(id);
        (await VerifyAsync(installation.AgentData)).ShouldBe((0, "The chain is whole."));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task On_a_full_disk_work_goes_on_or_is_refused_as_the_policy_says(bool required)
    {
        await using var disk = await SmallDisk.MountAsync(_folder.Path, Token);
        var policy = _folder.Write("policy.yaml", "mode: full\n" + (required ? "audit: required\n" : ""));
        File.SetUnixFileMode(policy, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var installation = await Installation.StartAsync(
            Token, environment: new Dictionary<string, string> { ["DATA_PATH"] = disk.Path, ["POLICY_FILE"] = policy });
        var id = await _containers.RunAsync([], Token);
        disk.Fill();
        // The last block of the file has room for some records.
        var (refusal, action) = ("", "pause");
        for (var i = 0; i < 40 && refusal.Length == 0 && (required || !Lost(installation)); i++)
        {
            action = i % 2 == 0 ? "pause" : "unpause";
            refusal = await TryAsync(installation, action, id);
        }

        await installation.Agent.WaitForLineAsync("The audit cannot be written, and records of it are lost", Token);
        if (required)
        {
            refusal.ShouldContain("the policy of this host requires a record of every change, and the audit cannot be written");
            refusal.ShouldContain("the disk is full; free some space");
            (await Docker.RunAsync(["inspect", "--format", "{{.State.Paused}}", id], Token)).ShouldBe(action == "pause" ? "false" : "true");
        }
        else
        {
            refusal.ShouldBeEmpty();
            action = action == "pause" ? "unpause" : "pause";
            (await TryAsync(installation, action, id)).ShouldBeEmpty();
        }

        await using (var health = AgentProcess.Start(new Dictionary<string, string> { ["DATA_PATH"] = disk.Path }, "health"))
        {
            (await health.WaitForExitAsync(Token)).ShouldBe(0);
            health.Lines.Single().ShouldContain("records of the audit could not be written");
        }

        disk.Free();
        (await TryAsync(installation, "kill", id)).ShouldBeEmpty();
        var outcomes = (await ReadAsync(disk.Path)).Select(Outcome);
        outcomes.ShouldContain(outcome => outcome.StartsWith("records before this one were lost", StringComparison.Ordinal));
        (await VerifyAsync(disk.Path)).ShouldBe((0, "The chain is whole."));
    }

    private static bool Lost(Installation installation) =>
        installation.Agent.Lines.Any(line => line.Contains("The audit cannot be written", StringComparison.Ordinal));

    private static async Task<string> TryAsync(Installation installation, string action, string id)
    {
        try
        {
            await installation.OperateAsync(action, id, Token);
            return "";
        }
        catch (OperationFailedException e)
        {
            return e.Message;
        }
    }

    /// <summary>A record in short; how an end is told that is none of the agent's words is left out.</summary>
    private static string Word(JsonElement record)
    {
        var outcome = Outcome(record) switch { "" => "", "ok" => " ok", _ => " failed" };
        return $"{record.GetProperty("phase").GetString()} {record.GetProperty("action").GetString()}{outcome}";
    }

    private static string Outcome(JsonElement record) => record.TryGetProperty("outcome", out var text) ? text.GetString()! : "";

    private static async Task<IReadOnlyList<JsonElement>> ReadAsync(string data)
    {
        await using var audit = AgentProcess.Start(new Dictionary<string, string> { ["DATA_PATH"] = data }, "audit", "--json");
        (await audit.WaitForExitAsync(Token)).ShouldBe(0, audit.Tail());
        return [.. audit.Lines.Select(line => JsonElement.Parse(line))];
    }

    private static async Task<(int ExitCode, string LastLine)> VerifyAsync(string data)
    {
        await using var audit = AgentProcess.Start(new Dictionary<string, string> { ["DATA_PATH"] = data }, "audit", "--verify");
        return (await audit.WaitForExitAsync(Token), audit.Lines[^1]);
    }
}
