using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>An engine on another machine, which lets in whoever has a certificate of its authority.</summary>
public sealed class EngineTlsTests : IDisposable
{
    private const string Address = "127.0.0.1:2376";

    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _stranger = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _stranger.Dispose();
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_engine_with_TLS_is_spoken_to_with_the_right_certificates_alone()
    {
        var own = _authority.IssueInto(At("engine"));
        await using var engine = await PrivateEngine.StartAsync(
            Token,
            root: null,
            "-H",
            "tcp://" + Address,
            "--tlsverify",
            "--tlscacert",
            $"{own}/ca.pem",
            "--tlscert",
            $"{own}/cert.pem",
            "--tlskey",
            $"{own}/key.pem");

        var right = await LookAsync(engine, _authority.IssueInto(At("right")));
        right.Found("engine").ShouldContain(await engine.Docker.RunAsync(["version", "--format", "{{.Server.Version}}"], Token));
        right.Status("engine").ShouldBe("ok");

        // Of another authority than the one the daemon's certificate is of, or than the one the daemon knows.
        var both = _stranger.IssueInto(At("stranger"));
        await FailsAsync(engine, both, "copy the daemon's authority (--tlscacert) there");
        File.Copy(_authority.PemFile, Path.Combine(both, "ca.pem"), overwrite: true);
        await FailsAsync(engine, both, "the engine refuses cert.pem");

        await FailsAsync(engine, certificates: null, "set DOCKER_TLS_VERIFY=1");
    }

    private async Task FailsAsync(PrivateEngine engine, string? certificates, string remedy)
    {
        var found = await LookAsync(engine, certificates);
        found.Status("engine").ShouldBe("failed");
        found.Remedy("engine").ShouldContain(remedy);
    }

    private async Task<Diagnosis> LookAsync(PrivateEngine engine, string? certificates)
    {
        var environment = Diagnosis.Environment(At("data"), "ws://127.0.0.1:9");
        environment["DOCKER_HOST"] = "tcp://" + Address;
        if (certificates is not null)
        {
            environment["DOCKER_CERT_PATH"] = certificates;
            environment["DOCKER_TLS_VERIFY"] = "1";
        }

        await using var doctor = ProgramProcess.Start(
            "nsenter",
            [$"--net=/proc/{engine.NamespaceId}/ns/net", AgentProcess.Path, "doctor", "--json"],
            environment);
        return await Diagnosis.ReadAsync(doctor, Token);
    }

    private string At(string name) => Path.Combine(_folder.Path, name);
}
