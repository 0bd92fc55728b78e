using System.Text.RegularExpressions;
using DockMon.Testing;

namespace DockMon.Integration.Tests;

/// <summary>One installation in which somebody is killed in the middle of an update, again and again, and what is then left is looked at.</summary>
internal sealed class KillScene : IAsyncDisposable
{
    private static readonly TimeSpan Promise = TimeSpan.FromSeconds(120);

    private readonly LocalRegistry _registry;
    private readonly Installation _installation;
    private readonly PrivateEngine? _engine;
    private readonly EngineGate? _gate;
    private readonly DockerCli _docker;
    private readonly (string Old, string New, string Crash) _images;
    private ProgramProcess _events;
    private int _seen;

    private KillScene(
        LocalRegistry registry,
        Installation installation,
        PrivateEngine? engine,
        EngineGate? gate,
        DockerCli docker,
        (string Old, string New, string Crash) images)
    {
        (_registry, _installation, _engine, _gate, _docker, _images) = (registry, installation, engine, gate, docker, images);
        _events = Listen();
    }

    /// <summary>Name of the container that is updated now.</summary>
    public string Name { get; private set; } = "";

    /// <summary>
    /// How many containers the engine itself can start no more, whoever asks. Docker 20.10, killed in the middle of a start, finds the container's task there
    /// already from then on; Docker 26.1, killed while it removes the directory of a process that ended, finds the directory. The agent has then to say so
    /// and to go on trying.
    /// </summary>
    public int Wedged { get; private set; }

    /// <summary>A scene in which the agent is killed.</summary>
    public static Task<KillScene> WithAgentAsync(string? host, CancellationToken ct) => StartAsync(new DockerCli(host), engine: null, ct);

    /// <summary>A scene in which the daemon is killed: it has one of its own.</summary>
    public static async Task<KillScene> WithDaemonAsync(string? root, CancellationToken ct)
    {
        var engine = await PrivateEngine.StartAsync(ct, root);
        return await StartAsync(engine.Docker, engine, ct);
    }

    /// <summary>Updates a container, kills at the point given, starts what was killed again, and looks.</summary>
    /// <returns>What is wrong; null when all is well.</returns>
    public async Task<string?> RunAsync(KillPoint point, CancellationToken ct)
    {
        Name = $"dockmon-kill-{Guid.NewGuid().ToString("N")[..8]}";
        try
        {
            var volume = await PrepareAsync(point.Shape, ct);
            _seen = _events.Lines.Count;
            var request = Expect(point);
            await _installation.CommandAsync("update_container", ct, new()
            {
                ["container_id"] = Name, ["new_image"] = point.Shape is KillShape.Crash or KillShape.RemoveCrash ? _images.Crash : _images.New,
                ["stop_timeout"] = 1, ["health_timeout"] = 20,
            });
            await (request?.UnderWay.WaitAsync(Promise, ct) ?? Task.CompletedTask);
            await point.Reached(this, ct);
            await (_engine is null ? KillAgentAsync(ct) : KillDaemonAsync(_engine, ct));
            await (request?.Answered.WaitAsync(Promise, ct) ?? Task.CompletedTask);
            await LookAsync(point.Shape, volume, ct);
            return null;
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException or OperationFailedException)
        {
            return $"{point.Name} ({point.Shape}): {e.Message}{Environment.NewLine}{_installation.Agent.Tail(25)}{Environment.NewLine}{_engine?.Tail()}";
        }
        finally
        {
            await CleanAsync();
        }
    }

    /// <summary>Completes as soon as something is so; looks every millisecond.</summary>
    public static async Task WatchAsync(string what, Func<bool> condition, CancellationToken ct)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > Promise)
            {
                throw new TimeoutException($"It never came to be that {what}.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, ct);
        }
    }

    /// <summary>The journals there are.</summary>
    public IReadOnlyList<string> Journals() => _installation.Journals();

    /// <summary>The engine's events since the update was asked for, as "action name".</summary>
    public IEnumerable<string> Events() => _events.Lines.Skip(_seen);

    public async ValueTask DisposeAsync()
    {
        await _events.DisposeAsync();
        await _installation.DisposeAsync();
        await (_gate?.DisposeAsync() ?? ValueTask.CompletedTask);
        foreach (var image in new[] { _images.Old, _images.New, _images.Crash })
        {
            await _docker.TryRunAsync(["rmi", "-f", image], CancellationToken.None);
        }

        if (_engine is not null)
        {
            await _engine.DisposeAsync();
        }

        await _registry.DisposeAsync();
    }

    private static async Task<KillScene> StartAsync(DockerCli docker, PrivateEngine? engine, CancellationToken ct)
    {
        var registry = await LocalRegistry.StartAsync(ct, namespaceId: engine?.NamespaceId);
        async Task<string> PublishAsync(string name, string command) => await registry.PublishAsync(docker, name, [command, "VOLUME /anonymous"], ct);
        if (engine is null)
        {
            await TestImage.EnsureOnAsync(docker, ct);
        }

        var images = (await PublishAsync("kill:1", """CMD ["sleep","36001"]"""), await PublishAsync(
            "kill:2",
            """CMD ["sleep","36002"]"""), await PublishAsync("kill:3", """CMD ["sh","-c","exit 3"]"""));
        // Where the agent is killed it has the engine behind a gate, which tells what the engine works on.
        var gate = engine is null ? EngineGate.Start(docker.Host) : null;
        return new KillScene(registry, await Installation.StartAsync(ct, gate?.Host ?? docker.Host), engine, gate, docker, images);
    }

    private ProgramProcess Listen() => ProgramProcess.Start(
        "docker",
        ["events", "--filter", "type=container", "--format", "{{.Action}} {{.Actor.Attributes.name}}"],
        _docker.Host is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["DOCKER_HOST"] = _docker.Host });

    private GatedRequest? Expect(KillPoint point)
    {
        if (point.Request is null)
        {
            return null;
        }

        var (pattern, left) = (new Regex(point.Request.Replace("{name}", Name, StringComparison.Ordinal)), point.Skip);
        return _gate!.Expect(line => pattern.IsMatch(line) && left-- == 0);
    }

    private async Task<string> PrepareAsync(KillShape shape, CancellationToken ct)
    {
        // A daemon ends the containers that a killed one left, and starts those of "always" again. To "unless-stopped" it takes its own doing for a user's.
        string[] policy = shape == KillShape.Connected
            ? ["--restart", "always"]
            : shape is KillShape.Remove or KillShape.RemoveCrash ? ["--rm"] : _engine is null || shape == KillShape.Stopped ? [] : ["--restart", "always"];
        await _docker.RunAsync(["run", "-d", "--stop-timeout", "1", "--name", Name, .. policy, _images.Old], ct);
        await _docker.RunAsync(["exec", Name, "sh", "-c", "echo precious > /anonymous/data"], ct);
        if (shape == KillShape.Connected)
        {
            await _docker.RunAsync(["network", "create", Name], ct);
            await _docker.RunAsync(["network", "connect", Name, Name], ct);
        }
        else if (shape == KillShape.Stopped)
        {
            await _docker.RunAsync(["stop", "-t", "0", Name], ct);
        }
        else if (shape == KillShape.Dependent)
        {
            await _docker.RunAsync(["run", "-d", "--stop-timeout", "1", "--name", Name + "-side", "--network", "container:" + Name, _images.Old], ct);
        }

        return await VolumeAsync(ct);
    }

    private async Task KillAgentAsync(CancellationToken ct)
    {
        _installation.Agent.Kill();
        await _installation.Agent.WaitForExitAsync(ct);
        await _installation.Agent.DisposeAsync();
        _installation.StartAgent();
    }

    private async Task KillDaemonAsync(PrivateEngine engine, CancellationToken ct)
    {
        await engine.KillDaemonAsync(ct);
        await _events.DisposeAsync();
        await engine.StartDaemonAsync(ct);
        _events = Listen();
    }

    /// <summary>Exactly one container of the name, as it was, with its data, and nothing left over.</summary>
    private async Task LookAsync(KillShape shape, string volume, CancellationToken ct)
    {
        string[] wanted = shape switch
        {
            KillShape.Stopped => [$"{Name} stopped"],
            KillShape.Dependent => [$"{Name} running", $"{Name}-side running"],
            _ => [$"{Name} running"],
        };
        var there = "";
        try
        {
            await Retry.UntilAsync(
                $"there are {string.Join(" and ", wanted)} and nothing else, with the data, and no journal",
                async () =>
                {
                    there = await _docker.RunAsync(["ps", "-a", "--filter", $"name={Name}", "--format", "{{.Names}} {{.State}}"], ct);
                    return there.Split('\n')
                        .Select(line => line.Replace(" created", " stopped", StringComparison.Ordinal).Replace(" exited", " stopped", StringComparison.Ordinal))
                        .Order(StringComparer.Ordinal)
                        .SequenceEqual(wanted)
                        && Journals().Count == 0
                        && (shape == KillShape.Stopped || await HasItsDataAsync(ct));
                },
                Promise,
                ct);
        }
        catch (TimeoutException e)
        {
            if (_engine is not null && (await IsWedgedAsync(_engine, there, wanted, ct) || IsStuck(_engine, there)))
            {
                Wedged++;
                return;
            }

            throw new TimeoutException($"{e.Message} There is: {there}; journals: {string.Join(' ', Journals())}", e);
        }

        await _installation.WaitForAgentAsync(ct);
        if (await VolumeAsync(ct) is var now && now != volume)
        {
            throw new InvalidOperationException($"the volume is {now}, and was {volume}");
        }

        if (shape == KillShape.Connected
            && await _docker.RunAsync(
                ["inspect", "--format", "{{.HostConfig.RestartPolicy.Name}} {{len .NetworkSettings.Networks}}", Name],
                ct) is var connected && connected != "always 2")
        {
            throw new InvalidOperationException($"the policy and the number of networks are {connected}");
        }

        if (shape == KillShape.Dependent)
        {
            var (id, mode) = (await _docker.RunAsync(
                ["inspect", "--format", "{{.Id}}", Name],
                ct), await _docker.RunAsync(["inspect", "--format", "{{.HostConfig.NetworkMode}}", Name + "-side"], ct));
            if (mode != "container:" + id)
            {
                throw new InvalidOperationException($"the dependent has the network of {mode}, and {Name} is {id}");
            }
        }
    }

    /// <summary>
    /// Part of the condition that is waited for: a daemon that was killed in the middle of a start calls a container running that it takes down
    /// and starts once more a moment later, as its restart policy says.
    /// </summary>
    private async Task<bool> HasItsDataAsync(CancellationToken ct) =>
        await _docker.TryRunAsync(["exec", Name, "cat", "/anonymous/data"], ct) is (0, "precious", _);

    /// <summary>
    /// The daemon was killed between the start of a container's process and writing that down. It can neither start the container nor end what runs, says
    /// so in its log, and nobody can help it through its API: all that is asked of the agent then is that nothing else was left and that it has told so.
    /// </summary>
    private async Task<bool> IsWedgedAsync(PrivateEngine engine, string there, string[] wanted, CancellationToken ct) =>
        there.Split('\n').Select(NameOf).Order(StringComparer.Ordinal).SequenceEqual(wanted.Select(NameOf))
        && await _docker.RunAsync(["inspect", "--format", "{{.Id}}", Name], ct) is var id
        && (engine.HasSaid("cannot delete running task " + id) || engine.HasSaid($"task {id}: already exists") || engine.HasSaid(id, "id already in use")
            || engine.HasSaid("failed to start shim: mkdir", $"/{id}: file exists"))
        && Journals().All(journal => journal.Contains("\"LossTold\": true", StringComparison.Ordinal));

    /// <summary>
    /// The daemon was killed while a container crashed. It takes the container for one that is restarting, waits for the end of a process that is gone, and
    /// so does not remove it. The agent cannot bring back the old container in its place: it has to keep that, to say so and to go on trying.
    /// </summary>
    private bool IsStuck(PrivateEngine engine, string there) =>
        there.Split('\n').Select(NameOf).Order(StringComparer.Ordinal).ToList() is [var crashed, var backup]
        && crashed == Name && backup.StartsWith(Name + "-dockmon-old-", StringComparison.Ordinal)
        && engine.HasSaid($"cannot remove container \\\"/{Name}\\\": could not kill: tried to kill container, but did not receive an exit event")
        && Journals().All(journal => journal.Contains("\"LossTold\": true", StringComparison.Ordinal));

    private static string NameOf(string line) => line.Split(' ')[0];

    private async Task<string> VolumeAsync(CancellationToken ct) =>
        await _docker.RunAsync(["inspect", "--format", "{{range .Mounts}}{{.Name}}{{end}}", Name], ct);

    private async Task CleanAsync()
    {
        var (_, left, _) = await _docker.TryRunAsync(["ps", "-aq", "--filter", $"name={Name}"], CancellationToken.None);
        if (left.Length > 0)
        {
            await _docker.TryRunAsync(["rm", "-f", "-v", .. left.Split('\n')], CancellationToken.None);
        }

        await _docker.TryRunAsync(["network", "rm", Name], CancellationToken.None);
    }
}
