namespace DockMon.Testing;

/// <summary>A real registry on a loopback port, from Debian's <c>docker-registry</c> package. Docker trusts loopback registries without TLS.</summary>
public sealed class LocalRegistry : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ProgramProcess _process;

    private LocalRegistry(int port)
    {
        Address = $"127.0.0.1:{port}";
        var configuration = Path.Combine(_folder.Path, "config.yml");
        File.WriteAllText(
            configuration,
            $"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {_folder.Path}/data}}, delete: {{enabled: true}}}}\nhttp: {{addr: \"{Address}\"}}\n");
        _process = ProgramProcess.Start("docker-registry", ["serve", configuration], new Dictionary<string, string>());
    }

    /// <summary>Host and port, as image references begin.</summary>
    public string Address { get; }

    /// <summary>Starts a registry and waits until it answers.</summary>
    public static async Task<LocalRegistry> StartAsync(CancellationToken ct)
    {
        var registry = new LocalRegistry(FreePort.Next());
        using var http = new HttpClient(new SocketsHttpHandler());
        await Retry.UntilAsync("the registry answers", async () => (await http.GetAsync($"http://{registry.Address}/v2/", ct)).IsSuccessStatusCode, ct: ct);
        return registry;
    }

    /// <summary>Builds an image from the <see cref="TestImage"/> with Dockerfile instructions of <c>docker import --change</c>, pushes it and removes it locally.</summary>
    /// <returns>Its reference.</returns>
    public async Task<string> PublishAsync(DockerCli docker, string nameAndTag, IReadOnlyList<string> changes, CancellationToken ct)
    {
        var reference = $"{Address}/{nameAndTag}";
        var container = await docker.RunAsync(["create", TestImage.Name], ct);
        await docker.RunAsync(["commit", .. changes.SelectMany(change => new[] { "--change", change }), container, reference], ct);
        await docker.RunAsync(["rm", container], ct);
        await docker.RunAsync(["push", "--quiet", reference], ct);
        return reference;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }
}
