namespace DockMon.Testing;

/// <summary>
/// A Docker engine of one test's own, which it may stop, kill and prune as it likes. It lives in a network namespace of its own, because
/// a daemon takes every bridge named docker0 for its own (even one that is told to have none removes it). Needs root.
/// </summary>
public sealed class PrivateEngine : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private ProgramProcess? _daemon;

    private PrivateEngine() => Docker = new DockerCli(Host);

    /// <summary>Where it listens, as <c>DOCKER_HOST</c> has it.</summary>
    public string Host => $"unix://{_folder.Path}/docker.sock";

    /// <summary>A way to it that does not use the code under test.</summary>
    public DockerCli Docker { get; }

    /// <summary>Starts an engine that has the <see cref="TestImage"/>.</summary>
    public static async Task<PrivateEngine> StartAsync(CancellationToken ct)
    {
        var engine = new PrivateEngine();
        await engine.StartDaemonAsync(ct);
        var archive = Path.Combine(engine._folder.Path, "image.tar");
        await new DockerCli().RunAsync(["save", "-o", archive, TestImage.Name], ct);
        await engine.Docker.RunAsync(["load", "-i", archive], ct);
        return engine;
    }

    /// <summary>Starts the daemon, with all that it had when it was last stopped.</summary>
    public async Task StartDaemonAsync(CancellationToken ct)
    {
        var root = _folder.Path;
        _daemon = ProgramProcess.Start(
            "unshare",
            ["--net", "dockerd", "--data-root", $"{root}/data", "--exec-root", $"{root}/exec", "--pidfile", $"{root}/docker.pid", "-H", Host],
            new Dictionary<string, string>(),
            ["DOCKER_HOST"]);
        await Retry.UntilAsync("the private engine answers", async () => (await Docker.TryRunAsync(["version"], ct)).ExitCode == 0, TimeSpan.FromSeconds(60), ct);
    }

    /// <summary>Asks the daemon to end, which ends its containers, too.</summary>
    public async Task StopDaemonAsync(CancellationToken ct)
    {
        _daemon!.Terminate();
        await _daemon.WaitForExitAsync(ct, TimeSpan.FromSeconds(60));
        await _daemon.DisposeAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_daemon is { HasExited: false })
        {
            await StopDaemonAsync(CancellationToken.None);
        }

        _folder.Dispose();
    }
}
