namespace DockMon.Testing;

/// <summary>
/// A Docker engine of one test's own, which it may stop, kill and prune as it likes. It lives in a network namespace of its own, because
/// a daemon takes every bridge named docker0 for its own (even one that is told to have none removes it). Needs root.
/// </summary>
public sealed class PrivateEngine : IAsyncDisposable
{
    /// <summary>Enters the file system of another Debian for good: under a plain chroot "docker exec" does not find its way.</summary>
    private const string EnterRoot =
        """mkdir -p "$1.p" && mount --rbind "$1" "$1.p" && cd "$1.p" && mkdir -p old && pivot_root . old && umount -l /old && shift && exec chroot . "$@" """;

    private readonly TemporaryFolder _folder;
    private readonly string? _root;
    private readonly IReadOnlyList<string> _options;
    private readonly ProgramProcess _namespace;
    private ProgramProcess? _daemon;

    private PrivateEngine(string? root, IReadOnlyList<string> options)
    {
        (_root, _options) = (root, options);
        _folder = root is null ? new TemporaryFolder() : new TemporaryFolder(Path.Combine(root, "var/tmp"));
        Docker = new DockerCli(Host);
        _namespace = ProgramProcess.Start(
            "unshare",
            ["--net", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity"],
            new Dictionary<string, string>());
    }

    /// <summary>Root of the newer engine's file system that <c>eng/engine26</c> makes; null where it is not.</summary>
    public static string? NewerRoot =>
        (Environment.GetEnvironmentVariable("DOCKMON_ENGINE26") ?? "/var/tmp/dockmon-engine26") is var root
            && File.Exists(Path.Combine(root, "usr/sbin/dockerd")) ? root : null;

    /// <summary>Where it listens, as <c>DOCKER_HOST</c> has it.</summary>
    public string Host => $"unix://{_folder.Path}/docker.sock";

    /// <summary>A way to it that does not use the code under test.</summary>
    public DockerCli Docker { get; }

    /// <summary>A process in its network namespace; its loopback addresses are its own.</summary>
    public int NamespaceId => _namespace.Id;

    /// <summary>Starts an engine that has the <see cref="TestImage"/>.</summary>
    /// <param name="ct">Ends the wait.</param>
    /// <param name="root">Root of the file system whose Docker is to run; null for this machine's.</param>
    /// <param name="options">More options of the daemon.</param>
    public static async Task<PrivateEngine> StartAsync(CancellationToken ct, string? root = null, params IReadOnlyList<string> options)
    {
        var engine = new PrivateEngine(root, options);
        try
        {
            await engine._namespace.WaitForLineAsync("up", ct);
            await engine.StartDaemonAsync(ct);
            await TestImage.EnsureOnAsync(engine.Docker, ct);
            return engine;
        }
        catch
        {
            await engine.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the daemon, with all that it had when it was last stopped.</summary>
    public async Task StartDaemonAsync(CancellationToken ct)
    {
        var folder = _root is null ? _folder.Path : "/" + Path.GetRelativePath(_root, _folder.Path);
        string[] daemon = [
            "dockerd",
            "--data-root",
            $"{folder}/data",
            "--exec-root",
            $"{folder}/exec",
            "--pidfile",
            $"{folder}/docker.pid",
            "-H",
            $"unix://{folder}/docker.sock",
            .. _options
        ];
        string[] enter = _root is null ? [] : ["unshare", "--mount", "--propagation", "private", "bash", "-c", EnterRoot, "_", _root];
        try
        {
            await Retry.UntilAsync(
                "the private engine answers",
                async () =>
                {
                    // As systemd would: one whose containerd did not start in time (15 s) gives up and is started again.
                    if (_daemon is null or { HasExited: true })
                    {
                        File.Delete(Path.Combine(_folder.Path, "docker.pid")); // A killed daemon leaves it, and its id may be another's by now.
                        _daemon = ProgramProcess.Start(
                            "nsenter",
                            [$"--net=/proc/{_namespace.Id}/ns/net", .. enter, .. daemon],
                            new Dictionary<string, string>(),
                            ["DOCKER_HOST"]);
                    }

                    return (await Docker.TryRunAsync(["version"], ct)).ExitCode == 0;
                },
                ct: ct);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}{Environment.NewLine}{_daemon?.Tail()}", e);
        }
    }

    /// <summary>The daemon's last lines, for a message.</summary>
    public string Tail() => _daemon?.Tail(15) ?? "";

    /// <summary>Whether the daemon that runs now has written a line with all these words.</summary>
    public bool HasSaid(params string[] words) => _daemon!.Lines.Any(line => words.All(word => line.Contains(word, StringComparison.Ordinal)));

    /// <summary>Asks the daemon to end, which ends its containers, too.</summary>
    public async Task StopDaemonAsync(CancellationToken ct)
    {
        _daemon!.Terminate();
        await _daemon.WaitForExitAsync(ct);
        await _daemon.DisposeAsync();
    }

    /// <summary>Ends the daemon as a power cut would. Its containers live on until the next daemon finds them.</summary>
    public async Task KillDaemonAsync(CancellationToken ct)
    {
        _daemon!.Kill();
        await _daemon.WaitForExitAsync(ct);
        await _daemon.DisposeAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_daemon is { HasExited: false })
        {
            var left = (await Docker.TryRunAsync(["ps", "-aq"], CancellationToken.None)).Output;
            if (left.Length > 0)
            {
                await Docker.TryRunAsync(["rm", "-f", "-v", .. left.Split('\n')], CancellationToken.None);
            }

            await StopDaemonAsync(CancellationToken.None);
        }

        await _namespace.DisposeAsync();
        await UnmountAsync();
        _folder.Dispose();
    }

    /// <summary>A daemon that was killed leaves mounts of its containers and of itself behind, the innermost last in the kernel's list.</summary>
    private async Task UnmountAsync()
    {
        foreach (var mount in File.ReadLines("/proc/mounts")
            .Select(line => line.Split(' ')[1])
            .Where(path => path.StartsWith(_folder.Path + "/", StringComparison.Ordinal))
            .Reverse())
        {
            await using var unmount = ProgramProcess.Start("umount", ["-l", mount], new Dictionary<string, string>());
            await unmount.WaitForExitAsync(CancellationToken.None);
        }
    }
}
