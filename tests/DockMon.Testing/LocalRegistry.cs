namespace DockMon.Testing;

/// <summary>A real registry on a loopback port, from Debian's <c>docker-registry</c> package. Docker trusts loopback registries without TLS.</summary>
public sealed class LocalRegistry : IAsyncDisposable
{
    /// <summary>Who may use a registry that wants a password.</summary>
    public const string User = "tester";

    /// <summary>The password.</summary>
    public const string Password = "secret-password";

    /// <summary>The two as Apache's <c>htpasswd -B</c> writes them.</summary>
    private const string UsersFile = "tester:$2y$05$zdgcM6ZimNb0t5Q4.qaVoOAW0tYOr6tUxNlOwW89l7c5uFt3EubPu\n";

    private readonly TemporaryFolder _folder = new();
    private readonly ProgramProcess _process;

    private LocalRegistry(int port, bool wantsPassword, int? namespaceId)
    {
        Address = $"127.0.0.1:{port}";
        var configuration = Path.Combine(_folder.Path, "config.yml");
        var users = Path.Combine(_folder.Path, "users");
        File.WriteAllText(users, UsersFile);
        File.WriteAllText(
            configuration,
            $"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {_folder.Path}/data}}, delete: {{enabled: true}}}}\nhttp: "
            + $"{{addr: \"{Address}\"}}\n"
            + (wantsPassword ? $"auth: {{htpasswd: {{realm: tests, path: {users}}}}}\n" : ""));
        string[] enter = namespaceId is null ? [] : ["nsenter", $"--net=/proc/{namespaceId}/ns/net"];
        string[] command = [.. enter, "docker-registry", "serve", configuration];
        _process = ProgramProcess.Start(command[0], command[1..], new Dictionary<string, string>());
    }

    /// <summary>Host and port, as image references begin.</summary>
    public string Address { get; }

    /// <summary>Starts a registry and waits until it answers.</summary>
    /// <param name="ct">Ends the wait.</param>
    /// <param name="wantsPassword">Whether it is for <see cref="User"/> alone.</param>
    /// <param name="namespaceId">A process in whose network namespace it is to listen; null for this machine's own.</param>
    public static async Task<LocalRegistry> StartAsync(CancellationToken ct, bool wantsPassword = false, int? namespaceId = null)
    {
        var port = FreePort.Next();
        var registry = new LocalRegistry(port, wantsPassword, namespaceId);
        if (namespaceId is not null)
        {
            // Not to be reached from here; the kernel's list of that namespace says when it listens (state 0A).
            await Retry.UntilAsync(
                "the registry listens",
                () => File.ReadLines($"/proc/{namespaceId}/net/tcp").Any(line => line.Contains($":{port:X4} 00000000:0000 0A", StringComparison.Ordinal)),
                ct: ct);
            return registry;
        }

        using var http = new HttpClient(new SocketsHttpHandler());
        await Retry.UntilAsync(
            "the registry answers",
            async () => (int)(await http.GetAsync($"http://{registry.Address}/v2/", ct)).StatusCode == (wantsPassword ? 401 : 200),
            ct: ct);
        return registry;
    }

    /// <summary>
    /// Builds an image from the <see cref="TestImage"/> with Dockerfile instructions of
    /// <c>docker import --change</c>, pushes it and removes it locally.
    /// </summary>
    /// <returns>Its reference.</returns>
    public async Task<string> PublishAsync(DockerCli docker, string nameAndTag, IReadOnlyList<string> changes, CancellationToken ct)
    {
        var reference = $"{Address}/{nameAndTag}";
        var container = await docker.RunAsync(["create", TestImage.Name], ct);
        await docker.RunAsync(["commit", .. changes.SelectMany(change => new[] { "--change", change }), container, reference], ct);
        await docker.RunAsync(["rm", container], ct);
        // A configuration of its own: nothing of this machine's credentials is used, and none are left in it.
        var configuration = Directory.CreateDirectory(Path.Combine(_folder.Path, "docker")).FullName;
        var credentials = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{User}:{Password}"));
        await File.WriteAllTextAsync(Path.Combine(configuration, "config.json"), $$"""{"auths": {"{{Address}}": {"auth": "{{credentials}}"} } }""", ct);
        await docker.RunAsync(["--config", configuration, "push", "--quiet", reference], ct);
        return reference;
    }

    /// <summary>Ends it at once.</summary>
    public void Kill() => _process.Kill();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }
}
