namespace DockMon.Testing;

/// <summary>nginx between an agent and an engine, as <c>packaging/proxy</c> sets it up, on a socket of its own.</summary>
public sealed class FilteringProxy : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ProgramProcess _process;

    private FilteringProxy(string mode, string engine)
    {
        var packaging = Path.Combine(Repository.Root, "packaging/proxy");
        var text = File.ReadAllText(Path.Combine(packaging, "nginx.conf"));
        text = Replace(text, "listen 2375;", $"listen unix:{_folder.File("docker.sock")};");
        text = Replace(text, "/run/dockmon-proxy.pid", _folder.File("pid"));
        text = Replace(text, "unix:/var/run/docker.sock", $"unix:{engine}");
        text = Replace(text, "/etc/dockmon-proxy/rules", Path.Combine(packaging, mode + ".rules"));
        _process = ProgramProcess.Start("nginx", ["-c", _folder.Write("nginx.conf", text), "-g", "daemon off;"], new Dictionary<string, string>());
    }

    /// <summary>Where it listens, as a value for <c>DOCKER_HOST</c>.</summary>
    public string Host => $"unix://{_folder.File("docker.sock")}";

    /// <summary>The requests that it has refused so far.</summary>
    public IReadOnlyList<string> Refused => [.. _process.Lines.Where(line => line.Contains(" refused: ", StringComparison.Ordinal))];

    /// <summary>Starts one and waits until it listens.</summary>
    /// <param name="mode">The mode whose rules it has.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <param name="engine">The engine's socket.</param>
    public static async Task<FilteringProxy> StartAsync(string mode, CancellationToken ct, string engine = "/var/run/docker.sock")
    {
        var proxy = new FilteringProxy(mode, engine);
        await Retry.UntilAsync("the proxy listens", () => File.Exists(proxy._folder.File("docker.sock")) || proxy._process.HasExited, ct: ct);
        return !proxy._process.HasExited ? proxy : throw new InvalidOperationException(proxy._process.Tail());
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Its workers end with it, but not when it is killed.
        await _process.EndAsync(TimeSpan.FromSeconds(30));
        _folder.Dispose();
    }

    private static string Replace(string text, string from, string to) => text.Contains(from, StringComparison.Ordinal)
        ? text.Replace(from, to, StringComparison.Ordinal) : throw new InvalidOperationException($"packaging/proxy/nginx.conf has no \"{from}\"");
}
