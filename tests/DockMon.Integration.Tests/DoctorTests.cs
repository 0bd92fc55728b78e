using System.Diagnostics;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>Broken set-ups, each with its remedy. They need root, as the suite has.</summary>
public sealed class DoctorTests : IDisposable
{
    private readonly TemporaryFolder _data = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Nothing_fails_where_nothing_is_wrong_and_no_token_is_spent()
    {
        await using var installation = await Installation.StartAsync(Token);
        var url = $"http://127.0.0.1:{installation.Link.Port}";
        var fresh = await (await installation.Http.PostAsync("/api/tokens", null, Token)).Content.ReadFromJsonAsync<JsonElement>(Token);
        var before = await Diagnosis.MakeAsync(_data.Path, url, Token, ("REGISTRATION_TOKEN", fresh.GetProperty("token").GetString()!));
        before.ExitCode.ShouldBe(0, before.Answer.GetRawText());
        before.Found("address").ShouldContain("http:// means ws://");
        before.Status("websocket").ShouldBe("ok");
        before.Found("clock").ShouldBe("the same as the server's");
        before.Found("token").ShouldContain("whether the server knows it shows only when the agent registers");
        before.Answer.GetRawText().ShouldNotContain(fresh.GetProperty("token").GetString()!);
        (await installation.Http.GetFromJsonAsync<JsonElement>("/api/hosts", Token)).GetArrayLength().ShouldBe(1);

        // With the data of the agent that runs, which does not notice.
        var registered = await Diagnosis.MakeAsync(installation.AgentData, url, Token);
        registered.ExitCode.ShouldBe(0, registered.Answer.GetRawText());
        registered.Found("token").ShouldContain("the server knows it");
        installation.Agent.Lines.Count(line => line.Contains("Connected to", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task A_permanent_token_the_server_does_not_know_is_a_warning()
    {
        await using var installation = await Installation.StartAsync(Token);
        await File.WriteAllTextAsync(Path.Combine(_data.Path, "permanent_token"), "permanent-token-of-another-server", Token);
        var found = await Diagnosis.MakeAsync(_data.Path, $"ws://127.0.0.1:{installation.Link.Port}", Token);
        found.Status("token").ShouldBe("warning");
        found.Remedy("token").ShouldContain($"delete {_data.Path}/permanent_token");
        found.Answer.GetRawText().ShouldNotContain("permanent-token-of-another-server");
    }

    [Fact]
    public async Task A_scheme_that_is_none_is_a_wrong_configuration_and_the_rest_is_still_looked_at()
    {
        var found = await Diagnosis.MakeAsync(_data.Path, "ftp://dockmon.example.com", Token);
        found.ShouldFailOnly("configuration", "write a URL that begins with wss://");
        found.Found("configuration").ShouldBe("DOCKMON_URL is \"ftp://dockmon.example.com\"");
        found.Status("tcp").ShouldBe("skipped");
        found.Status("engine").ShouldBe("ok");
    }

    [Fact]
    public async Task A_token_that_is_none_is_not_called_missing()
    {
        await using var server = await WrongServer.StartAsync();
        var found = await Diagnosis.MakeAsync(_data.Path, $"ws://{server.Authority}", Token, ("REGISTRATION_TOKEN", "<one-time-token>"));
        found.ShouldFailOnly("configuration", "set it to the token as the server shows it");
        found.Status("token").ShouldBe("skipped");
        found.Found("token").ShouldBe("REGISTRATION_TOKEN cannot be used");
    }

    [Fact]
    public async Task A_data_directory_that_is_not_there_is_not_made()
    {
        await using var server = await WrongServer.StartAsync();
        var data = Path.Combine(_data.Path, "not/there");
        var found = await Diagnosis.MakeAsync(data, $"ws://{server.Authority}", Token);
        found.ExitCode.ShouldBe(0, found.Answer.GetRawText());
        found.Status("data").ShouldBe("warning");
        found.Found("data").ShouldContain($"there is no {data} yet");
        found.Status("space").ShouldBe("ok");
        Directory.GetFileSystemEntries(_data.Path).ShouldBeEmpty();

        // Somebody else could not even make it.
        File.SetUnixFileMode(
            _data.Path,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        var other = await Diagnosis.MakeAsync(data, $"ws://{server.Authority}", Token, ("AGENT_USER", "1000"));
        other.ShouldFailOnly("data", $"install -d -m 700 -o 1000 {data}");
        Directory.GetFileSystemEntries(_data.Path).ShouldBeEmpty();
    }

    [Fact]
    public async Task Doctor_looks_as_the_user_the_agent_would_be_and_gives_that_user_nothing()
    {
        await using var server = await WrongServer.StartAsync();
        var url = $"ws://{server.Authority}";
        (await Diagnosis.MakeAsync(_data.Path, url, Token)).Found("user").ShouldBe("checks run as root, like an agent that is started this way");

        await RunAsync("chmod", "700", _data.Path);
        await File.WriteAllTextAsync(Path.Combine(_data.Path, "permanent_token"), "permanent-token-of-root", Token);
        File.SetUnixFileMode(Path.Combine(_data.Path, "permanent_token"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var roots = await Diagnosis.MakeAsync(_data.Path, url, Token, ("AGENT_USER", "1000"));
        roots.ExitCode.ShouldBe(0, roots.Answer.GetRawText());
        roots.Found("user").ShouldStartWith("checks run as the agent does: now user 1000");
        roots.Found("data").ShouldContain("is given to user id 1000 when the agent starts");
        (await RunAsync("stat", "-c", "%u", _data.Path, Path.Combine(_data.Path, "permanent_token"))).ShouldBe("0\n0");

        // What is root's in there is given away, and helps nobody.
        await RunAsync("chown", "1234", _data.Path);
        var others = await Diagnosis.MakeAsync(_data.Path, url, Token, ("AGENT_USER", "1000"));
        others.Status("data").ShouldBe("failed");
        others.Remedy("data").ShouldContain($"chown -R 1000 {_data.Path}");
    }

    [Fact]
    public async Task A_user_that_is_none_fails_and_the_rest_is_still_looked_at()
    {
        await using var server = await WrongServer.StartAsync();
        var found = await Diagnosis.MakeAsync(_data.Path, $"ws://{server.Authority}", Token, ("AGENT_USER", "bob: you"));
        found.ShouldFailOnly("user", "write the number of a user");
        found.Found("user").ShouldBe("AGENT_USER is \"bob: you\"; the other checks run as root");
        found.Found("data").ShouldBe("needs user, which failed");
        found.Status("websocket").ShouldBe("ok");
        found.Status("engine").ShouldBe("ok");
    }

    [Fact]
    public async Task A_container_without_the_capabilities_to_become_a_user_is_told_them()
    {
        var found = await InContainerAsync($"dockmon-it-doctor-{Guid.NewGuid():N}", ["--cap-drop", "ALL", "-e", "AGENT_USER=1000", "-v", "/data"]);
        found.Status("user").ShouldBe("failed");
        found.Remedy("user").ShouldContain("SETUID and SETGID");
        found.Status("data").ShouldBe("skipped");
        found.Answer.GetRawText().ShouldNotContain("chown");
    }

    [Fact]
    public async Task A_port_without_TLS_that_is_asked_for_TLS_should_be_ws()
    {
        await using var server = await WrongServer.StartAsync();
        (await Diagnosis.MakeAsync(_data.Path, $"wss://{server.Authority}", Token)).ShouldFailOnly("tls", "write ws://");
    }

    [Fact]
    public async Task A_port_with_TLS_that_is_asked_without_should_be_wss()
    {
        using var authority = new TestAuthority();
        await using var server = await WrongServer.StartAsync(authority.Issue());
        (await Diagnosis.MakeAsync(_data.Path, $"ws://{server.Authority}", Token)).ShouldFailOnly("websocket", "write wss://");
    }

    [Fact]
    public async Task A_name_nobody_can_resolve_is_looked_for_in_the_URL_and_in_DNS()
    {
        var found = await Diagnosis.MakeAsync(_data.Path, "wss://dockmon.invalid", Token);
        found.ShouldFailOnly("dns", "check the name in DOCKMON_URL");
        found.Found("websocket").ShouldBe("needs dns, which failed");
    }

    [Fact]
    public async Task A_port_that_refuses_has_no_server_on_it()
    {
        var port = FreePort.Next();
        (await Diagnosis.MakeAsync(_data.Path, $"ws://127.0.0.1:{port}", Token)).ShouldFailOnly("tcp", $"nothing listens on port {port}");
    }

    [Fact]
    public async Task An_unknown_authority_is_named_and_adding_it_as_told_cures_that()
    {
        using var authority = new TestAuthority();
        using var other = new TestAuthority("Another authority of a test");
        await using var server = await WrongServer.StartAsync(authority.Issue());
        var url = $"wss://{server.Authority}";
        var found = await Diagnosis.MakeAsync(_data.Path, url, Token);
        found.ShouldFailOnly("tls", "SERVER_CA_FILE=/path/ca.pem");
        found.Remedy("tls").ShouldContain("CN=Authority of a test");

        var cured = await Diagnosis.MakeAsync(_data.Path, url, Token, ("SERVER_CA_FILE", authority.PemFile));
        cured.ExitCode.ShouldBe(0, cured.Answer.GetRawText());
        cured.Found("tls").ShouldEndWith($"trusted by the authorities in {authority.PemFile} (SERVER_CA_FILE)");

        // What the machine trusts counts only where no file takes its place.
        var system = await Diagnosis.MakeAsync(_data.Path, url, Token, ("SSL_CERT_FILE", authority.PemFile));
        system.ExitCode.ShouldBe(0, system.Answer.GetRawText());
        system.Found("tls").ShouldEndWith("trusted by the authorities of this machine");
        (await Diagnosis.MakeAsync(_data.Path, url, Token, ("SSL_CERT_FILE", authority.PemFile), ("SERVER_CA_FILE", other.PemFile)))
            .ShouldFailOnly("tls", $"add that authority's certificate to {other.PemFile}");

        var blind = await Diagnosis.MakeAsync(_data.Path, url, Token, ("INSECURE_SKIP_VERIFY", "true"));
        blind.ExitCode.ShouldBe(0, blind.Answer.GetRawText());
        blind.Status("tls").ShouldBe("warning");
        blind.Remedy("tls").ShouldEndWith("then unset INSECURE_SKIP_VERIFY");
    }

    [Fact]
    public async Task A_self_signed_certificate_has_its_pin_and_setting_it_cures_that()
    {
        using var certificate = TestAuthority.SelfSigned("localhost.localdomain");
        await using var server = await WrongServer.StartAsync(certificate);
        var url = $"wss://{server.Authority}";
        var remedy = (await Diagnosis.MakeAsync(_data.Path, url, Token)).Remedy("tls");
        var pin = Regex.Match(remedy, "SERVER_PIN=(sha256/[A-Za-z0-9+/]{43}=)").Groups[1].Value;

        var cured = await Diagnosis.MakeAsync(_data.Path, url, Token, ("SERVER_PIN", pin));
        cured.ExitCode.ShouldBe(0, cured.Answer.GetRawText());
        cured.Found("tls").ShouldEndWith("trusted for its key alone (SERVER_PIN)");
        cured.Status("websocket").ShouldBe("ok");

        using var another = TestAuthority.SelfSigned();
        await using var impostor = await WrongServer.StartAsync(another);
        (await Diagnosis.MakeAsync(_data.Path, $"wss://{impostor.Authority}", Token, ("SERVER_PIN", pin)))
            .ShouldFailOnly("tls", "else somebody answers in its place");
    }

    [Fact]
    public async Task A_client_certificate_that_is_demanded_is_asked_for_and_accepted()
    {
        using var authority = new TestAuthority();
        await using var server = await WrongServer.StartAsync(authority.Issue(), clients: authority);
        var url = $"wss://{server.Authority}";
        var trust = ("SERVER_CA_FILE", authority.PemFile);
        var none = await Diagnosis.MakeAsync(_data.Path, url, Token, trust);
        none.ShouldFailOnly("client_certificate", "set CLIENT_CERT_FILE and CLIENT_KEY_FILE");
        none.Status("tls").ShouldBe("ok");

        var own = authority.IssueInto(_data.File("own"));
        var good = await Diagnosis.MakeAsync(_data.Path, url, Token, trust, ("CLIENT_CERT_FILE", $"{own}/cert.pem"), ("CLIENT_KEY_FILE", $"{own}/key.pem"));
        good.ExitCode.ShouldBe(0, good.Answer.GetRawText());
        good.Found("client_certificate").ShouldStartWith("certificate of CN=server, issued by CN=Authority of a test, valid until ");

        var wrong = await Diagnosis.MakeAsync(_data.Path, url, Token, trust, ("CLIENT_CERT_FILE", "/missing.pem"), ("CLIENT_KEY_FILE", $"{own}/key.pem"));
        wrong.ShouldFailOnly("configuration", "name the PEM file with the agent's certificate");
        wrong.Status("client_certificate").ShouldBe("skipped");
    }

    [Fact]
    public async Task An_expired_certificate_is_to_be_renewed()
    {
        using var authority = new TestAuthority();
        await using var server = await WrongServer.StartAsync(authority.Issue(expired: true));
        (await Diagnosis.MakeAsync(_data.Path, $"wss://{server.Authority}", Token, ("SSL_CERT_FILE", authority.PemFile))).ShouldFailOnly(
            "tls",
            "renew the server's certificate");
    }

    [Fact]
    public async Task A_certificate_of_another_name_tells_the_names_it_has()
    {
        using var authority = new TestAuthority();
        await using var server = await WrongServer.StartAsync(authority.Issue("dockmon.example.com"));
        var found = await Diagnosis.MakeAsync(_data.Path, $"wss://{server.Authority}", Token, ("SSL_CERT_FILE", authority.PemFile));
        found.ShouldFailOnly("tls", "write one of the certificate's names in DOCKMON_URL");
        found.Found("tls").ShouldContain("is not for 127.0.0.1 but for dockmon.example.com");
    }

    [Theory]
    [InlineData(401, "if the path in DOCKMON_URL is wrong, correct it")]
    [InlineData(404, "the path prefix")]
    [InlineData(403, "let /api/agent/ws and /api/stats/ws/ingest pass without one")]
    [InlineData(502, "start DockMon")]
    [InlineData(200, "not DockMon")]
    public async Task A_server_that_opens_no_WebSocket_is_told_by_its_status(int status, string remedy)
    {
        await using var server = await WrongServer.StartAsync(status: status);
        var found = await Diagnosis.MakeAsync(_data.Path, $"ws://{server.Authority}/prefix", Token);
        found.ShouldFailOnly("websocket", remedy);
        found.Found("websocket").ShouldContain($"answered {status}");
        found.Status("clock").ShouldBe("ok");
    }

    [Theory]
    [InlineData(60, "warning", "behind")]
    [InlineData(-3600, "failed", "ahead of")]
    public async Task A_server_whose_clock_differs_is_told_from_its_Date_header(int seconds, string status, string direction)
    {
        await using var server = await WrongServer.StartAsync(clock: TimeSpan.FromSeconds(seconds));
        var found = await Diagnosis.MakeAsync(_data.Path, $"ws://{server.Authority}", Token);
        found.ExitCode.ShouldBe(status == "failed" ? 1 : 0);
        found.Status("clock").ShouldBe(status);
        found.Found("clock").ShouldContain(direction);
        found.Remedy("clock").ShouldContain("NTP");
    }

    [Fact]
    public async Task A_proxy_that_does_not_let_through_is_named_without_its_password()
    {
        await using var proxy = await WrongServer.StartAsync(status: 403);
        var found = await Diagnosis.MakeAsync(_data.Path, "wss://dockmon.invalid", Token, ("HTTPS_PROXY", $"http://user:very-secret@{proxy.Authority}"));
        found.Found("proxy").ShouldBe($"http://{proxy.Authority}, from HTTPS_PROXY");
        found.ShouldFailOnly("tls", "NO_PROXY=dockmon.invalid");
        found.Answer.GetRawText().ShouldNotContain("very-secret");

        var direct = await Diagnosis.MakeAsync(
            _data.Path,
            "wss://dockmon.invalid",
            Token,
            ("HTTPS_PROXY", $"http://{proxy.Authority}"),
            ("NO_PROXY", "dockmon.invalid"));
        direct.ShouldFailOnly("dns", "dockmon.invalid");
    }

    [Fact]
    public async Task A_missing_socket_has_the_mount_that_brings_it()
    {
        await using var server = await WrongServer.StartAsync();
        var socket = Path.Combine(_data.Path, "docker.sock");
        var found = await Diagnosis.MakeAsync(_data.Path, $"ws://{server.Authority}", Token, ("DOCKER_HOST", $"unix://{socket}"));
        found.ShouldFailOnly("socket", $"-v /var/run/docker.sock:{socket}");
        found.Found("engine").ShouldBe("needs socket, which failed");
    }

    [Fact]
    public async Task A_forbidden_socket_has_the_group_that_opens_it_and_an_unwritable_directory_the_owner_it_needs()
    {
        // The program has to be readable for another user than root, and so has the directory it is in.
        using var program = new TemporaryFolder();
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(AgentProcess.Path)!))
        {
            File.Copy(file, Path.Combine(program.Path, Path.GetFileName(file)));
        }

        await RunAsync("chmod", "-R", "go+rX", program.Path);
        var group = await RunAsync("stat", "-L", "-c", "%g", "/var/run/docker.sock");
        await using var server = await WrongServer.StartAsync();
        await using var doctor = ProgramProcess.Start(
            "setpriv",
            ["--reuid=1000", "--regid=1000", "--clear-groups", Path.Combine(program.Path, "dockmon-agent"), "doctor", "--json"],
            Diagnosis.Environment(_data.Path, $"ws://{server.Authority}"),
            ["DOCKER_HOST"]);
        var found = await Diagnosis.ReadAsync(doctor, Token);
        found.ExitCode.ShouldBe(1);
        found.Status("socket").ShouldBe("failed");
        found.Remedy("socket").ShouldContain($"--group-add {group}");
        found.Status("data").ShouldBe("failed");
        found.Remedy("data").ShouldContain($"chown -R 1000 {_data.Path}");
    }

    [Theory]
    [InlineData("", "failed", "own layer")]
    [InlineData("memory", "failed", "in memory")]
    [InlineData("bind", "warning", "is a directory of the host")]
    [InlineData("anonymous", "warning", "without a name of its own")]
    [InlineData("named", "ok", "is on the volume")]
    public async Task In_a_container_the_data_belongs_on_a_named_volume(string kind, string status, string words)
    {
        var docker = new DockerCli();
        var name = $"dockmon-it-doctor-{Guid.NewGuid():N}";
        string[] mount = kind switch
        {
            "memory" => ["--tmpfs", "/data"],
            "bind" => ["-v", $"{_data.Path}:/data"],
            "anonymous" => ["-v", "/data"],
            "named" => ["-v", $"{name}:/data"],
            _ => [],
        };
        try
        {
            var found = await InContainerAsync(name, mount);
            found.Found("container").ShouldContain($"in container {name}");
            found.Status("volume").ShouldBe(status, found.Answer.GetRawText());
            found.Found("volume").ShouldContain(words);
            if (status != "ok")
            {
                found.Remedy("volume").ShouldContain("-v dockmon-agent-data:/data");
            }

            found.Remedy("compose").ShouldStartWith("mount the host's into the container: -v /usr/libexec/docker/cli-plugins:");
            found.Remedy("tcp").ShouldContain("in a container 127.0.0.1 is the container itself");
            found.Remedy("host_metrics").ShouldContain("-v /proc:/host/proc:ro");
        }
        finally
        {
            await docker.TryRunAsync(["volume", "rm", "-f", name], CancellationToken.None);
        }
    }

    [Fact]
    public async Task People_get_lines_without_colours_where_no_terminal_is()
    {
        await using var doctor = AgentProcess.Start(Diagnosis.Environment(_data.Path, $"ws://127.0.0.1:{FreePort.Next()}"), "doctor");
        (await doctor.WaitForExitAsync(Token)).ShouldBe(1);
        doctor.Lines.ShouldContain(line => line.StartsWith("failed   tcp", StringComparison.Ordinal));
        doctor.Lines.ShouldContain(line => line.Contains("→ nothing listens on port", StringComparison.Ordinal));
        doctor.Lines.ShouldNotContain(line => line.Contains('\e'));
    }

    /// <summary>Runs it in a container: the program with what it is linked to, in an image that has nothing of it.</summary>
    private static async Task<Diagnosis> InContainerAsync(string name, string[] options)
    {
        var program = AgentProcess.Path;
        var runtime = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
        var (code, output, error) = await new DockerCli().TryRunAsync(
            [
                "run", "--rm", "--name", name, .. options, "-e", "DOCKMON_URL=ws://127.0.0.1:9", "-e", "REGISTRATION_TOKEN=one-time-token", "-e",
                $"DOTNET_ROOT={runtime}",
                "-v", "/var/run/docker.sock:/var/run/docker.sock", "-v", "/usr:/usr:ro", "-v", "/lib:/lib:ro", "-v", "/lib64:/lib64:ro", "-v",
                $"{runtime}:{runtime}:ro",
                "-v", $"{Path.GetDirectoryName(program)}:{Path.GetDirectoryName(program)}:ro", TestImage.Name, program, "doctor", "--json",
            ],
            Token);
        output.ShouldStartWith("{", customMessage: error);
        return Diagnosis.Read(code, output);
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        process.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}");
        return output.Trim();
    }
}
