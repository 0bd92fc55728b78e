using System.Diagnostics;
using System.Text.Json;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>Self-update of an agent on the host itself: the new program becomes the same process, and a bad one gives way.</summary>
public sealed class SelfUpdateTests : IAsyncLifetime
{
    private string _own = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Newer => _own.Replace(".0", ".1", StringComparison.Ordinal);

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(
            File.Exists(Path.ChangeExtension(AgentProcess.Path, null) + ".dll"),
            $"{AgentProcess.Path} is not the published program: one file that can be put in another's place.");
        await using var version = AgentProcess.Start(new Dictionary<string, string>(), "version");
        await version.WaitForExitAsync(Token);
        _own = version.Lines.Single();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_newer_program_becomes_the_same_process_and_stays_and_back_again()
    {
        await using var scene = await SelfUpdateScene.StartAsync(Token);
        var pid = scene.Installation.Agent.Id;
        var newer = await OtherAgent.WithVersionAsync(scene.Folder, _own, Newer, Token);
        var gap = MeasureGapAsync(scene);
        var told = await scene.ToldAsync(
            () => scene.UpdateAsync(newer, Token),
            data => data.Contains("\"stage\":\"complete\"", StringComparison.Ordinal),
            Token);
        told.ShouldContain($"Version {Newer} runs and is connected");
        (await scene.VersionAsync(Token)).ShouldBe(Newer);
        TestContext.Current.SendDiagnosticMessage($"connection gap of a native self-update: {(await gap).TotalMilliseconds:0} ms; same pid {pid}");
        scene.Installation.Agent.HasExited.ShouldBeFalse();
        File.ReadAllText($"/proc/{pid}/maps").ShouldContain(Newer);
        await Retry.UntilAsync("its guard has ended and is no zombie", () => scene.Processes().SequenceEqual([pid]), ct: Token);

        // What is started first is still the old one.
        scene.Installation.Agent.Terminate();
        (await scene.Installation.Agent.WaitForExitAsync(Token)).ShouldBe(0);
        scene.Installation.StartAgent();
        await scene.WaitForVersionAsync(Newer, Token);

        // The other way only by force.
        var own = Path.Combine(scene.Folder, "own");
        File.Copy(AgentProcess.Path, own);
        (await scene.ToldAsync(
            () => scene.UpdateAsync(own, Token),
            data => data.Contains("\"error\":", StringComparison.Ordinal),
            Token)).ShouldContain($"version {_own} is not newer than version {Newer}");
        await scene.ToldAsync(
            () => scene.UpdateAsync(own, Token, force: true),
            data => data.Contains($"Version {_own} runs and is connected", StringComparison.Ordinal),
            Token);
        (await scene.VersionAsync(Token)).ShouldBe(_own);
        Directory.GetDirectories(scene.Bin).Length.ShouldBe(1);

        // Each end is recorded by whichever version tells it, in the one chain of all of them.
        await Retry.UntilAsync("three ends are recorded", () => Ends(scene).Count == 3, ct: Token);
        var ends = Ends(scene);
        (ends[0], ends[2]).ShouldBe(("ok", "ok"));
        ends[1].ShouldContain($"version {_own} is not newer than version {Newer}");
        await using var verify = AgentProcess.Start(new Dictionary<string, string> { ["DATA_PATH"] = scene.Installation.AgentData }, "audit", "--verify");
        (await verify.WaitForExitAsync(Token)).ShouldBe(0, verify.Tail());
    }

    private static List<string> Ends(SelfUpdateScene scene) =>
    [
        .. File.ReadAllLines(Path.Combine(scene.Installation.AgentData, "audit", "audit.jsonl")).Select(line => JsonElement.Parse(line))
            .Where(record => record.GetProperty("action").GetString() == "self_update" && record.TryGetProperty("begin", out _))
            .Select(record => record.GetProperty("outcome").GetString()!),
    ];

    [Theory]
    [InlineData("checksum", "the program's SHA-256 is")]
    [InlineData("no checksum", "binary_url needs a checksum")]
    [InlineData("other processor", "the program is for another processor")]
    [InlineData("other program", "the program is not this product")]
    [InlineData("endless", "asked for its version it says")]
    [InlineData("no program", "not a program for Linux")]
    [InlineData("not there", "was answered with 404")]
    [InlineData("older", "is not newer than")]
    public async Task A_program_that_is_not_right_is_never_started(string what, string words)
    {
        await using var scene = await SelfUpdateScene.StartAsync(Token);
        var program = what switch
        {
            "endless" => await OtherAgent.InCAsync(scene.Folder, "endless", "", Token, answer: "for (;;) putchar('y');"),
            "other processor" => await OtherAgent.ForAnotherProcessorAsync(scene.Folder, Token),
            "older" => await OtherAgent.WithVersionAsync(scene.Folder, _own, _own.Replace("3.", "2.", StringComparison.Ordinal), Token),
            _ => Path.Combine(scene.Folder, "program"),
        };
        if (what is "other program")
        {
            File.Copy("/bin/echo", program);
        }
        else if (!File.Exists(program) && what != "not there")
        {
            await File.WriteAllTextAsync(program, "#!/bin/sh\n", Token);
        }

        var checksum = what switch { "checksum" => new string('0', 64), "no checksum" => "", "not there" => new string('1', 64), _ => null };
        (await scene.ToldAsync(
            () => scene.UpdateAsync(program, Token, checksum),
            data => data.Contains("\"error\":", StringComparison.Ordinal),
            Token)).ShouldContain(words);
        (await scene.VersionAsync(Token)).ShouldBe(_own);
        scene.Installation.Agent.Lines.Count(line => line.Contains("Connected to", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task An_agent_with_a_key_executes_only_what_that_key_has_signed()
    {
        using var key = SigningKey.OfAgent();
        Assert.SkipWhen(key is null, $"{SigningKey.Variable} names no key; ./test builds the agent with one.");
        using var otherKey = new SigningKey();
        await using var scene = await SelfUpdateScene.StartAsync(Token, supervised: false, ("SELF_UPDATE", ""));
        scene.Installation.Agent.Lines.ShouldContain(line => line.Contains("only programs signed by the key", StringComparison.Ordinal));
        var newer = await OtherAgent.WithVersionAsync(scene.Folder, _own, Newer, Token);
        async Task RefusedAsync(string program, string words, bool force = false) =>
            (await scene.ToldAsync(
                () => scene.UpdateAsync(program, Token, force: force),
                data => data.Contains("\"error\":", StringComparison.Ordinal),
                Token)).ShouldContain(words);

        await RefusedAsync(newer, "the program is not signed");
        otherKey.Sign(newer);
        await RefusedAsync(newer, "signature does not hold");
        var older = await OtherAgent.WithVersionAsync(scene.Folder, _own, _own.Replace("3.", "2.", StringComparison.Ordinal), Token);
        key.Sign(older);
        await RefusedAsync(older, "is older than version", force: true);
        var foreign = await OtherAgent.ForAnotherProcessorAsync(scene.Folder, Token);
        key.Sign(foreign);
        await RefusedAsync(foreign, "the program is for another processor");
        (await scene.VersionAsync(Token)).ShouldBe(_own);

        key.Sign(newer);
        await scene.ToldAsync(
            () => scene.UpdateAsync(newer, Token),
            data => data.Contains($"Version {Newer} runs and is connected", StringComparison.Ordinal),
            Token);

        // The next start finds it in the data folder, with its signature; and without it no longer becomes it.
        scene.Installation.Agent.Terminate();
        (await scene.Installation.Agent.WaitForExitAsync(Token)).ShouldBe(0);
        scene.Installation.StartAgent();
        await scene.WaitForVersionAsync(Newer, Token);
        scene.Installation.Agent.Terminate();
        (await scene.Installation.Agent.WaitForExitAsync(Token)).ShouldBe(0);
        File.Delete(Directory.GetFiles(scene.Bin, "*.sig", SearchOption.AllDirectories).Single());
        scene.Installation.StartAgent();
        await scene.WaitForVersionAsync(_own, Token);
    }

    [Theory]
    [InlineData("crashes", "return 3;", false, "ended before it had proven itself")]
    [InlineData("crashes", "return 3;", true, "ended before it had proven itself")]
    [InlineData("hangs", "for (;;) pause();", false, "neither proved itself in time nor gave up (timeout)")]
    [InlineData("hangs", "for (;;) pause();", true, "neither proved itself in time nor gave up (timeout)")]
    public async Task A_program_that_does_not_work_gives_way_to_the_one_before(string name, string body, bool supervised, string words)
    {
        await using var scene = await SelfUpdateScene.StartAsync(Token, supervised, SelfUpdateScene.ShortTrial);
        var bad = await OtherAgent.InCAsync(scene.Folder, name, body, Token);
        var told = await scene.ToldAsync(
            async () =>
            {
                await scene.UpdateAsync(bad, Token);
                if (supervised)
                {
                    await scene.Installation.Agent.WaitForExitAsync(Token);
                    scene.Installation.StartAgent();
                }
            },
            data => data.Contains("\"error\":", StringComparison.Ordinal),
            Token);
        told.ShouldContain($"version 9.9.9 {words}; version {_own} is back");
        await scene.WaitForVersionAsync(_own, Token);
        await Retry.UntilAsync("one agent runs", () => scene.Processes().Count == 1, ct: Token);
    }

    [Fact]
    public async Task A_program_that_cannot_register_gives_way_by_itself_and_says_why()
    {
        await using var scene = await SelfUpdateScene.StartAsync(Token, supervised: false, SelfUpdateScene.ShortTrial);
        var pid = scene.Installation.Agent.Id;
        var newer = await OtherAgent.WithVersionAsync(scene.Folder, _own, Newer, Token);
        var told = await scene.ToldAsync(
            async () =>
            {
                await scene.UpdateAsync(newer, Token);
                await scene.Installation.Agent.WaitForLineAsync($"Becoming version {Newer} on trial", Token);
                scene.Installation.Link.Mode = ProxyMode.Refuse;
                scene.Installation.Link.CutAll();
                await scene.Installation.Agent.WaitForLineAsync("has not proven itself in time", Token, SelfUpdateScene.UpdateTimeout + Retry.DefaultTimeout);
                scene.Installation.Link.Mode = ProxyMode.Relay;
            },
            data => data.Contains("\"error\":", StringComparison.Ordinal),
            Token);
        told.ShouldContain($"version {Newer} did not stay connected to the server");
        await scene.WaitForVersionAsync(_own, Token);
        scene.Processes().ShouldContain(pid);
    }

    [Fact]
    public async Task A_full_disk_refuses_the_program_and_leaves_the_agent_as_it_is()
    {
        using var folder = new TemporaryFolder();
        await using var disk = await SmallDisk.MountAsync(folder.Path, Token);
        await using var scene = await SelfUpdateScene.StartAsync(Token, supervised: false, ("DATA_PATH", disk.Path));
        var newer = await OtherAgent.WithVersionAsync(scene.Folder, _own, Newer, Token);
        (await scene.ToldAsync(
            () => scene.UpdateAsync(newer, Token),
            data => data.Contains("\"error\":", StringComparison.Ordinal),
            Token)).ShouldContain("the disk is full; free some space");
        (await scene.VersionAsync(Token)).ShouldBe(_own);
    }

    [Fact]
    public async Task A_disk_that_is_full_while_it_is_tried_out_costs_the_new_version_nothing_once_there_is_room()
    {
        // It is tried out for ten seconds. A machine may be too busy for the disk to be full by then.
        for (var attempt = 0; !await IsKeptOnceThereIsRoomAsync(); attempt++)
        {
            attempt.ShouldBeLessThan(5, "the trial was over each time before the disk was full");
        }
    }

    [Fact]
    public async Task Where_the_trial_cannot_be_written_down_nothing_is_ended_for_it()
    {
        await using var scene = await SelfUpdateScene.StartAsync(Token);
        Directory.CreateDirectory(Path.Combine(scene.Bin, "state.json"));
        var newer = await OtherAgent.WithVersionAsync(scene.Folder, _own, Newer, Token);
        (await Should.ThrowAsync<OperationFailedException>(() => scene.UpdateAsync(newer, Token))).Message.ShouldContain("cannot write to " + scene.Bin);
        (await scene.VersionAsync(Token)).ShouldBe(_own);
    }

    [Theory]
    [InlineData("the download has begun")]
    [InlineData("the program is installed")]
    [InlineData("the trial has begun")]
    [InlineData("the new version is connected")]
    [InlineData("the trial is over")]
    public async Task An_agent_that_is_killed_in_a_self_update_is_managed_again_and_the_server_knows_why(string point)
    {
        await using var scene = await SelfUpdateScene.StartAsync(Token, supervised: true);
        var newer = await OtherAgent.WithVersionAsync(scene.Folder, _own, Newer, Token);
        string State() => File.Exists(Path.Combine(scene.Bin, "state.json")) ? File.ReadAllText(Path.Combine(scene.Bin, "state.json")) : "";
        async Task KillAsync()
        {
            await scene.UpdateAsync(newer, Token);
            await KillScene.WatchAsync(point, () => point switch
            {
                "the download has begun" => File.Exists(Path.Combine(scene.Bin, "incoming", "dockmon-agent")),
                "the program is installed" =>
                    Directory.Exists(scene.Bin) && Directory.GetDirectories(scene.Bin).Any(directory => directory.Contains(Newer, StringComparison.Ordinal)),
                "the trial has begun" => State().Contains("\"Trial\"", StringComparison.Ordinal),
                "the new version is connected" => scene.Installation.Agent.Lines.Count(line => line.Contains("Connected to", StringComparison.Ordinal)) > 1,
                _ => State().Contains("\"Confirmed\"", StringComparison.Ordinal) && !State().Contains("\"Trial\"", StringComparison.Ordinal),
            }, Token);
            scene.Installation.Agent.Kill();
            await scene.Installation.Agent.WaitForExitAsync(Token);
            scene.Installation.StartAgent();
        }

        if (point is "the trial has begun" or "the new version is connected")
        {
            (await scene.ToldAsync(
                KillAsync,
                data => data.Contains("\"error\":", StringComparison.Ordinal),
                Token)).ShouldContain("ended before it had proven itself");
        }
        else
        {
            await KillAsync();
        }

        var expected = point == "the trial is over" ? Newer : _own;
        await scene.WaitForVersionAsync(expected, Token);
        await Retry.UntilAsync("one agent runs", () => scene.Processes().Count == 1, SelfUpdateScene.UpdateTimeout + Retry.DefaultTimeout, Token);
        // Not the connection of the one that was killed, which the hub may still have taken for alive.
        await scene.WaitForVersionAsync(expected, Token);
    }

    /// <returns>False when the trial was over before the disk was full.</returns>
    private async Task<bool> IsKeptOnceThereIsRoomAsync()
    {
        using var folder = new TemporaryFolder();
        await using var disk = await SmallDisk.MountAsync(folder.Path, Token, megabytes: 64);
        await using var scene = await SelfUpdateScene.StartAsync(Token, supervised: false, ("DATA_PATH", disk.Path), ("UPDATE_TIMEOUT", "3m"));
        var newer = await OtherAgent.WithVersionAsync(scene.Folder, _own, Newer, Token);
        await scene.ToldAsync(() => scene.UpdateAsync(newer, Token), data => data.Contains("\"stage\":\"health\"", StringComparison.Ordinal), Token);
        disk.Fill();
        const string waits = "works, but that cannot be written down yet";
        var line = await scene.Installation.Agent.WaitForLineAsync(
            "the trial ends",
            line => line.Contains(waits, StringComparison.Ordinal) || line.Contains("has proven itself and stays", StringComparison.Ordinal),
            Token);
        if (!line.Contains(waits, StringComparison.Ordinal))
        {
            return false;
        }

        await scene.ToldAsync(
            () =>
            {
                disk.Free();
                return Task.CompletedTask;
            },
            data => data.Contains($"Version {Newer} runs and is connected", StringComparison.Ordinal),
            Token);
        (await scene.VersionAsync(Token)).ShouldBe(Newer);
        return true;
    }

    /// <summary>How long the hub is without the agent.</summary>
    private static async Task<TimeSpan> MeasureGapAsync(SelfUpdateScene scene)
    {
        while ((await scene.VersionAsync(Token)).Length > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, Token);
        }

        var watch = Stopwatch.StartNew();
        while ((await scene.VersionAsync(Token)).Length == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, Token);
        }

        return watch.Elapsed;
    }
}
