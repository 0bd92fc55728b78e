using System.Text.Json.Nodes;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>The create rules of a policy, against all that reaches for the host, with real compose on a real engine.</summary>
public sealed class CreateRulesTests : IAsyncLifetime
{
    private const string Socket = "/var/run/docker.sock";

    private static readonly DockerCli Docker = new();
    private readonly TemporaryFolder _folder = new();
    private readonly string _prefix = $"dockmon-rules-{Guid.NewGuid():N}"[..22];
    private LocalRegistry _registry = null!;
    private ComposeFixture _compose = null!; // stays null when there is no compose

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _registry = await LocalRegistry.StartAsync(Token);
        var policy = _folder.Write(
            "policy.yaml",
            $$"""
            mode: full
            create:
              privileged: false
              host_namespaces: false
              host_paths: { allow: [{{_folder.Path}}/srv], deny: [{{Socket}}] }
              capabilities: { deny: [SYS_ADMIN] }
              devices: false
              security_options: false
              images: { allow: ["{{TestImage.Name}}", "{{_registry.Address}}/**"], deny: ["**/evil"] }
            """);
        _compose = await ComposeFixture.StartAsync(Token, new Dictionary<string, string> { ["POLICY_FILE"] = policy });
        // What the host's owner has made, and the server can only refer to.
        await Docker.RunAsync(["create", "--name", _prefix + "-owners", "-v", $"{Socket}:/s", "--network", "host", TestImage.Name], Token);
        await Docker.RunAsync(["volume", "create", "-o", "type=none", "-o", "o=bind", "-o", "device=/run", _prefix + "-owners"], Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_compose is not null)
        {
            await _compose.DisposeAsync();
        }

        var left = await Docker.RunAsync(["ps", "-aq", "--filter", $"name={_prefix}"], CancellationToken.None);
        await Docker.TryRunAsync(["rm", "-fv", .. left.Split('\n')], CancellationToken.None);
        await Docker.TryRunAsync(["volume", "rm", _prefix + "-owners", _prefix + "-data"], CancellationToken.None);
        var images = new[] { "app:1", "app:2", "other:1", "evil:1" }.Select(image => $"{_registry.Address}/{image}");
        await Docker.TryRunAsync(["rmi", "-f", .. images], CancellationToken.None);
        await _registry.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_compose_file_reaches_the_socket_on_no_way()
    {
        const string Bind = "mounts /var/run/docker.sock";
        var socket = Web($"volumes: ['{Socket}:/s']");
        (string Way, string Compose, string Refusal, JsonObject? Files)[] ways =
        [
            ("a bind", socket, Bind, null),
            ("a bind that is read-only, of the directory", Web("volumes: ['/var/run/:/s:ro']"), "mounts /var/run, which", null),
            ("a bind with dots", Web("volumes: ['/opt/../run//docker.sock:/s']"), "mounts /run/docker.sock", null),
            ("everything", Web("volumes: ['/:/host']"), "mounts /, which", null),
            ("a service that is off", "services: { web: { image: IMAGE, profiles: [no], volumes: [/etc:/x] } }", "web mounts /etc", null),
            (
                "a volume with a bind driver",
                Web("volumes: ['vol:/s']") + "\nvolumes: { vol: { driver_opts: { type: none, o: bind, device: /var/run } } }",
                "mounts /var/run (by volume vol), which may have /var/run/docker.sock in it",
                null),
            (
                "a volume that only looks like memory",
                Web("volumes: ['vol:/s']") + "\nvolumes: { vol: { driver_opts: { type: tmpfs, o: 'size=1m,bind', device: /run } } }",
                "mounts /run (by volume vol), which",
                null),
            (
                "a volume that is there already",
                Web("volumes: ['vol:/s']") + "\nvolumes: { vol: { external: true, name: PREFIX-owners } }",
                "mounts /run (by volume PREFIX-owners), which",
                null),
            ("volumes of another container", Web("volumes_from: ['container:PREFIX-owners']"), "by volumes_from PREFIX-owners", null),
            ("extends", "services: { web: { extends: { file: more.yml, service: web } } }", Bind, new() { ["more.yml"] = socket }),
            ("include", "include: [more.yml]", Bind, new() { ["more.yml"] = socket }),
            ("include of the host's", "include: [/etc/passwd]", "includes /etc/passwd, which is no file of its directory", null),
            ("a variable", Web("volumes: ['${WHAT}:/s']"), Bind, new() { [".env"] = $"WHAT={Socket}" }),
            ("an anchor", $"x-v: &v {{ volumes: ['{Socket}:/s'] }}\nservices: {{ web: {{ image: IMAGE, <<: *v }} }}", Bind, null),
            ("an env_file", Web("env_file: /etc/passwd"), "reads /etc/passwd", null),
            ("an env_file above", Web("env_file: ../../compose/other"), "reads /", null),
            ("an env_file in a variable", Web("env_file: '${A}'"), "named by a variable", new() { [".env"] = "A=/etc/passwd" }),
            ("a second document", "services: { web: { image: IMAGE } }\n---\nservices: { web: { env_file: /etc/passwd } }", "reads /etc/passwd", null),
            ("a config", Web("configs: [c]") + "\nconfigs: { c: { file: /etc/passwd } }", "mounts /etc/passwd (by config c)", null),
            ("a secret", Web("secrets: [s]") + "\nsecrets: { s: { file: /etc/shadow } }", "mounts /etc/shadow (by secret s)", null),
            ("a link in its own directory", Web("volumes: ['./out:/x']"), "/out, which leads to /etc", null),
            ("the log", Web("logging: { driver: syslog, options: { syslog-address: 'unix:///run/docker.sock' } }"), "by log option", null),
            ("privileged", Web("privileged: true"), "is privileged", null),
            ("a capability", Web("cap_add: [ALL]"), "has the capability SYS_ADMIN", null),
            ("the host's network", Web("network_mode: host"), "shares the host's network namespace", null),
            (
                "the host's network by name",
                Web("networks: [n]") + "\nnetworks: { n: { external: true, name: host } }",
                "shares the host's network namespace",
                null),
            ("another's network", Web("network_mode: 'container:PREFIX-owners'"), "by the network of container PREFIX-owners", null),
            ("the host's processes", Web("pid: host"), "shares the host's process namespace", null),
            ("a device", Web("devices: [/dev/kmsg]"), "has the device /dev/kmsg", null),
            ("no seccomp", Web("security_opt: ['seccomp:unconfined']"), "has seccomp=unconfined", null),
            ("another image", "services: { web: { image: busybox } }", "has the image docker.io/library/busybox:latest", null),
            ("an image that is built", "services: { web: { image: IMAGE, build: { context: . } } }", "is built on the host", null),
        ];
        Directory.CreateDirectory(_compose.Stack);
        Directory.CreateSymbolicLink(Path.Combine(_compose.Stack, "out"), "/etc");
        foreach (var (way, compose, refusal, files) in ways)
        {
            var (stages, end) = await _compose.DeployAsync("up", Fill(compose), Token, files is null ? null : new() { ["env_files"] = Fill(files) });
            var error = end.GetProperty("error").GetString();
            error.ShouldNotBeNull(way);
            error.ShouldStartWith("refused by this host's policy: ", customMessage: way);
            error.ShouldContain(Fill(refusal), customMessage: way);
            error.ShouldNotContain("root:", customMessage: way);
            stages.ShouldBe(["validating", "failed"], way);
        }

        (await _compose.ContainersAsync(Token)).ShouldBeEmpty();
        var label = $"label=com.docker.compose.project={_compose.Project}";
        (await Docker.RunAsync(["volume", "ls", "-q", "--filter", label], Token)).ShouldBeEmpty();
        (await Docker.RunAsync(["network", "ls", "-q", "--filter", label], Token)).ShouldBeEmpty();
        Directory.Exists(Path.Combine(_compose.Installation.AgentData, "compose", _compose.Project)).ShouldBeFalse();
        _compose.Installation.Agent.Lines.ShouldNotContain(line => line.Contains("root:x:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_compose_file_that_keeps_to_the_rules_is_deployed()
    {
        Directory.CreateDirectory(_folder.File("srv/data"));
        var file = Fill(
            $$"""
            include: [more.yml]
            services:
              web:
                image: IMAGE
                command: sleep 3600
                stop_grace_period: 1s
                env_file: [web.env]
                volumes: ["./html:/html:ro", "data:/data", "{{_folder.Path}}/srv/data:/srv"]
                cap_drop: [ALL]
                cap_add: [CHOWN, NET_ADMIN]
                security_opt: ["no-new-privileges:true"]
                tmpfs: [/scratch]
                network_mode: "service:side"
            volumes: { data: {} }
            """);
        var files = new JsonObject
        {
            ["more.yml"] = Fill("services: { side: { image: IMAGE, command: sleep 3600, stop_grace_period: 1s } }"),
            ["web.env"] = "A=1",
        };
        var (_, end) = await _compose.DeployAsync("up", file, Token, new() { ["env_files"] = files });
        end.GetProperty("success").GetBoolean().ShouldBeTrue(end.ToString());
        (await _compose.ContainersAsync(Token)).ShouldBe(["side running", "web running"]);
        (await _compose.DeployAsync("restart", null, Token)).End.GetProperty("success").GetBoolean().ShouldBeTrue();
        (await _compose.DeployAsync("down", null, Token)).End.GetProperty("success").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Containers_are_created_only_by_the_rules()
    {
        (string Config, string Refusal)[] all =
        [
            ("""{"privileged":true}""", "is privileged (create.privileged)"),
            ("""{"network_mode":"host"}""", "shares the host's network namespace (create.host_namespaces)"),
            ("""{"network":"host"}""", "shares the host's network namespace (create.host_namespaces)"),
            ("""{"pid_mode":"host"}""", "shares the host's process namespace (create.host_namespaces)"),
            ("""{"ipc_mode":"host"}""", "shares the host's IPC namespace (create.host_namespaces)"),
            ("""{"uts_mode":"host"}""", "shares the host's UTS namespace (create.host_namespaces)"),
            ("""{"userns_mode":"host"}""", "shares the host's user namespace (create.host_namespaces)"),
            ("""{"network_mode":"container:PREFIX-owners"}""", "(by the network of container PREFIX-owners) (create.host_namespaces)"),
            ("""{"volumes":{"/var/run/docker.sock":{"bind":"/s","mode":"ro"}}}""", "mounts /var/run/docker.sock (create.host_paths.deny)"),
            ("""{"volumes":["/etc:/x"]}""", "mounts /etc (create.host_paths.allow)"),
            ("""{"volumes":["PREFIX-owners:/x"]}""", "(by volume PREFIX-owners), which may have /var/run/docker.sock in it (create.host_paths.deny)"),
            ("""{"volumes_from":["PREFIX-owners"]}""", "(by volumes_from PREFIX-owners) (create.host_paths.deny)"),
            ("""{"cap_add":["cap_sys_admin"]}""", "has the capability SYS_ADMIN (create.capabilities.deny)"),
            ("""{"devices":["/dev/kmsg:/dev/kmsg:r"]}""", "has the device /dev/kmsg (create.devices)"),
            ("""{"security_opt":["apparmor=unconfined"]}""", "has apparmor=unconfined (create.security_options)"),
            ("""{"runtime":"io.containerd.mine.v1"}""", "has runtime=io.containerd.mine.v1 (create.security_options)"),
            ("""{"image":"busybox"}""", "has the image docker.io/library/busybox:latest (create.images.allow)"),
        ];
        var name = _prefix + "-new";
        foreach (var (config, refusal) in all)
        {
            (await CreateAsync(name, config)).ShouldContain($"refused by this host's policy: container {name} ", customMessage: config);
            (await CreateAsync(name, config)).ShouldEndWith(Fill(refusal), customMessage: config);
        }

        (await Docker.TryRunAsync(["inspect", name], Token)).ExitCode.ShouldNotBe(0);
        (await CreateAsync(name, """{"volumes":["PREFIX-data:/x"],"cap_add":["NET_ADMIN"],"tmpfs":{"/t":""}}""")).ShouldBe("");
        (await Docker.TryRunAsync(["inspect", name], Token)).ExitCode.ShouldBe(0);
        (await Should.ThrowAsync<OperationFailedException>(
            _compose.Installation.OperateAsync("pull_image", "", Token, new() { ["image"] = "busybox" })))
            .Message.ShouldEndWith("(create.images.allow)");
    }

    [Fact]
    public async Task An_update_is_judged_by_the_image_and_by_the_settings_if_it_comes_from_elsewhere()
    {
        var first = await _registry.PublishAsync(Docker, "app:1", ["CMD [\"sleep\",\"3600\"]"], Token);
        var second = await _registry.PublishAsync(Docker, "app:2", ["CMD [\"sleep\",\"3600\"]", "VOLUME /more", "VOLUME /var/run"], Token);
        var other = await _registry.PublishAsync(Docker, "other:1", ["CMD [\"sleep\",\"3600\"]"], Token);
        var evil = await _registry.PublishAsync(Docker, "evil:1", [], Token);
        await Docker.RunAsync(["rmi", other, evil], Token);
        var name = _prefix + "-proxy";
        var id = await Docker.RunAsync(["run", "-d", "--stop-timeout", "1", "--name", name, "-v", $"{Socket}:/s", first], Token);

        var refused = await Should.ThrowAsync<OperationFailedException>(UpdateAsync(name, other));
        refused.Message.ShouldEndWith($"container {name} mounts {Socket} (create.host_paths.deny)");
        (await Should.ThrowAsync<OperationFailedException>(UpdateAsync(name, evil))).Message.ShouldEndWith("create.images.deny)");
        (await Should.ThrowAsync<OperationFailedException>(UpdateAsync(name, "busybox"))).Message.ShouldContain("create.images.allow");
        (await Docker.RunAsync(["inspect", "--format", "{{.Id}} {{.State.Running}}", name], Token)).ShouldBe(id + " true");
        (await Docker.TryRunAsync(["image", "inspect", other], Token)).ExitCode.ShouldNotBe(0);

        (await UpdateAsync(name, second)).Event.ShouldBe("update_complete");
        var mounts = await Docker.RunAsync(["inspect", "--format", "{{range .Mounts}}{{.Type}} {{.Destination}};{{end}}", name], Token);
        mounts.ShouldContain("bind /s;");
        mounts.ShouldContain("volume /more;");
        mounts.ShouldContain("volume /var/run;");
    }

    /// <summary>A compose file of one service with these settings.</summary>
    private static string Web(string settings) => $"services: {{ web: {{ image: IMAGE, {settings} }} }}";

    private string Fill(string text) =>
        text.Replace("IMAGE", TestImage.Name, StringComparison.Ordinal).Replace("PREFIX", _prefix, StringComparison.Ordinal);

    private JsonObject Fill(JsonObject files) => new(files.Select(file => KeyValuePair.Create(file.Key, (JsonNode?)Fill(file.Value!.GetValue<string>()))));

    private Task<(string Event, string Data)> UpdateAsync(string name, string image) =>
        _compose.Installation.UpdateAsync(new() { ["container_id"] = name, ["new_image"] = image, ["stop_timeout"] = 1, ["health_timeout"] = 30 }, Token);

    /// <returns>The error; empty for none.</returns>
    private async Task<string> CreateAsync(string name, string config)
    {
        var all = (JsonObject)JsonNode.Parse(Fill(config))!;
        all["name"] = name;
        all["image"] ??= TestImage.Name;
        try
        {
            await _compose.Installation.OperateAsync("create", "", Token, new() { ["config"] = all });
            return "";
        }
        catch (OperationFailedException e)
        {
            return e.Message;
        }
    }
}
