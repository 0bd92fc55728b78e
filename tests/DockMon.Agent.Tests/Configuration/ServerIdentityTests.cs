using System.Security.Cryptography;
using DockMon.Agent.Configuration;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Configuration;

/// <summary>The variables that say who the server and the agent are, and everything that can be wrong with their files.</summary>
public sealed class ServerIdentityTests : IDisposable
{
    private const string Pin = "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    private const string OtherPin = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _authority = new();

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void What_is_set_and_can_be_used_reaches_its_option()
    {
        var own = Own();
        var identity = AgentOptionsTests.Load(
            ("DOCKMON_URL", "wss://h"), ("SERVER_CA_FILE", _authority.PemFile), ("SERVER_PIN", $" {Pin} , {OtherPin}"),
            ("CLIENT_CERT_FILE", own.Certificate), ("CLIENT_KEY_FILE", own.Key)).Identity;
        identity.CaFile.ShouldBe(_authority.PemFile);
        identity.Pins.ShouldBe([Pin, OtherPin]);
        (identity.ClientCertFile, identity.ClientKeyFile).ShouldBe(own);
        identity.IsKeyEnough.ShouldBeFalse();
    }

    [Fact]
    public void Nothing_is_set_by_itself() => AgentOptionsTests.Load(("DOCKMON_URL", "wss://h")).Identity.ShouldBe(new ServerIdentity());

    [Theory]
    [InlineData("sha256/")]
    [InlineData("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
    [InlineData("sha1/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
    [InlineData("sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU")]
    [InlineData("sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=")]
    [InlineData("sha256/47 DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
    [InlineData("sha256/AAAA")]
    [InlineData(Pin + ",")]
    [InlineData(Pin + ",sha256/AAAA")]
    public void A_pin_that_is_none_is_refused(string text)
    {
        var error = AgentOptionsTests.Error(("DOCKMON_URL", "wss://h"), ("SERVER_PIN", text));
        error.ShouldStartWith("SERVER_PIN is \"");
        error.ShouldEndWith("write sha256/ and 44 characters, as dockmon-agent doctor shows it; separate several with commas");
    }

    [Fact]
    public void More_pins_than_anybody_needs_are_refused() =>
        AgentOptionsTests.Error(("DOCKMON_URL", "wss://h"), ("SERVER_PIN", string.Join(',', Enumerable.Repeat(Pin, 11)))).ShouldContain("at most 10");

    [Fact]
    public void Authorities_that_are_none_are_refused()
    {
        using var intermediate = new TestAuthority("Intermediate of a test", _authority);
        using var expired = new TestAuthority(expired: true);
        Ca(_folder.File("missing")).ShouldBe(
            $"SERVER_CA_FILE is \"{_folder.File("missing")}\", which cannot be read: no such file; "
            + "name a PEM file with the certificate of the authority that the server's certificate leads to");
        Ca(_folder.Path).ShouldContain("it is a directory");
        Ca("/dev/zero").ShouldContain("it is no regular file");
        Ca(_folder.Write("large", new string('x', (1024 * 1024) + 1))).ShouldContain("more than 1024 KiB");
        Ca(_folder.Write("empty", "")).ShouldContain("which holds no certificate in PEM form: name a PEM file");
        var broken = _folder.Write("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----");
        Ca(broken).ShouldContain("which holds a certificate that cannot be read");
        Ca(intermediate.PemFile).ShouldContain("which has only intermediate certificates: add the certificate of the authority that issued them");
        Ca(expired.PemFile).ShouldContain("whose authorities have all expired, the last on ");
        AgentOptionsTests.Load(("DOCKMON_URL", "wss://h"), ("SERVER_CA_FILE", _folder.Write("both", expired.Pem + "\n" + _authority.Pem)));
    }

    [Fact]
    public void A_client_certificate_that_is_none_is_refused()
    {
        var own = Own();
        Client(_folder.File("missing"), own.Key).ShouldStartWith($"CLIENT_CERT_FILE is \"{_folder.File("missing")}\", which cannot be read: no such file");
        Client(own.Certificate, _folder.File("missing")).ShouldStartWith($"CLIENT_KEY_FILE is \"{_folder.File("missing")}\", which cannot be read");
        Client(own.Key, own.Key).ShouldContain("CLIENT_CERT_FILE is \"" + own.Key + "\", which holds no certificate in PEM form");
        Client(own.Certificate, own.Certificate).ShouldContain("CLIENT_KEY_FILE is \"" + own.Certificate + "\", which holds no private key in PEM form");

        var other = _authority.IssueInto(_folder.File("other"));
        Client(own.Certificate, Path.Combine(other, "key.pem")).ShouldContain("which is not the key of the first certificate in CLIENT_CERT_FILE");
        var expired = _authority.IssueInto(_folder.File("expired"), expired: true);
        Client(Path.Combine(expired, "cert.pem"), Path.Combine(expired, "key.pem"))
            .ShouldContain($"CLIENT_CERT_FILE is \"{Path.Combine(expired, "cert.pem")}\", which expired on ");

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var encryption = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000);
        Client(own.Certificate, _folder.Write("encrypted", key.ExportEncryptedPkcs8PrivateKeyPem("very-secret", encryption)))
            .ShouldContain("which is encrypted: store the key without a passphrase");
    }

    [Fact]
    public void A_certificate_with_its_issuers_and_its_key_may_be_one_file()
    {
        var own = Own();
        var all = _folder.Write("all.pem", File.ReadAllText(own.Certificate) + "\n" + _authority.Pem + "\n" + File.ReadAllText(own.Key));
        AgentOptionsTests.Load(("DOCKMON_URL", "wss://h"), ("CLIENT_CERT_FILE", all), ("CLIENT_KEY_FILE", all)).Identity.ClientKeyFile.ShouldBe(all);
    }

    [Theory]
    [InlineData("CLIENT_CERT_FILE", "CLIENT_KEY_FILE is not set, and CLIENT_CERT_FILE is: set both")]
    [InlineData("CLIENT_KEY_FILE", "CLIENT_CERT_FILE is not set, and CLIENT_KEY_FILE is: set both")]
    public void A_certificate_without_its_key_is_refused(string variable, string error) =>
        AgentOptionsTests.Error(("DOCKMON_URL", "wss://h"), (variable, "/x.pem")).ShouldStartWith(error);

    [Fact]
    public void Settings_without_an_effect_are_refused()
    {
        var own = Own();
        AgentOptionsTests.Error(("DOCKMON_URL", "ws://h"), ("SERVER_PIN", Pin)).ShouldBe(
            "SERVER_PIN is set, and DOCKMON_URL is without TLS (ws://): write wss:// in DOCKMON_URL, or unset SERVER_PIN");
        AgentOptionsTests.Error(("DOCKMON_URL", "ws://h"), ("SERVER_CA_FILE", _authority.PemFile)).ShouldStartWith("SERVER_CA_FILE is set, and DOCKMON_URL");
        AgentOptionsTests.Error(("DOCKMON_URL", "ws://h"), ("CLIENT_CERT_FILE", own.Certificate), ("CLIENT_KEY_FILE", own.Key))
            .ShouldStartWith("CLIENT_CERT_FILE is set, and DOCKMON_URL");
        AgentOptionsTests.Error(("DOCKMON_URL", "wss://h"), ("SERVER_PIN", Pin), ("INSECURE_SKIP_VERIFY", "1")).ShouldBe(
            "INSECURE_SKIP_VERIFY is true, so that SERVER_PIN would not be looked at: unset INSECURE_SKIP_VERIFY");
        AgentOptionsTests.Error(("DOCKMON_URL", "wss://h"), ("SERVER_CA_FILE", _authority.PemFile), ("INSECURE_SKIP_VERIFY", "1"))
            .ShouldStartWith("INSECURE_SKIP_VERIFY is true, so that SERVER_CA_FILE");
        AgentOptionsTests.Load(
            ("DOCKMON_URL", "wss://h"),
            ("CLIENT_CERT_FILE", own.Certificate),
            ("CLIENT_KEY_FILE", own.Key),
            ("INSECURE_SKIP_VERIFY", "1"));
    }

    [Fact]
    public void All_that_is_wrong_is_said_at_once_and_no_key_is()
    {
        var own = Own();
        File.WriteAllText(own.Key, "-----BEGIN PRIVATE KEY-----\nvery+secret\n-----END PRIVATE KEY-----");
        var environment = new Dictionary<string, string>
        {
            ["DOCKMON_URL"] = "ftp://h", ["SERVER_CA_FILE"] = "/missing", ["SERVER_PIN"] = "x", ["CLIENT_CERT_FILE"] = own.Certificate,
            ["CLIENT_KEY_FILE"] = own.Key,
        };
        var (options, errors) = AgentOptions.Load(environment.GetValueOrDefault);
        errors.Select(error => error.Variable).ShouldBe(["DOCKMON_URL", "SERVER_PIN", "SERVER_CA_FILE", "CLIENT_KEY_FILE"]);
        string.Join('\n', errors).ShouldNotContain("very");
        options.Identity.ShouldBe(new ServerIdentity());
    }

    [Fact]
    public void A_key_that_everybody_may_read_is_noticed()
    {
        var key = Own().Key;
        CertificateFiles.IsReadableByAll(key).ShouldBeFalse();
        File.SetUnixFileMode(key, File.GetUnixFileMode(key) | UnixFileMode.OtherRead);
        CertificateFiles.IsReadableByAll(key).ShouldBeTrue();
        CertificateFiles.IsReadableByAll("/missing").ShouldBeFalse();
    }

    private (string Certificate, string Key) Own()
    {
        var folder = _authority.IssueInto(_folder.File("own"));
        return (Path.Combine(folder, "cert.pem"), Path.Combine(folder, "key.pem"));
    }

    private static string Ca(string path) => AgentOptionsTests.Error(("DOCKMON_URL", "wss://h"), ("SERVER_CA_FILE", path));

    private static string Client(string certificate, string key) =>
        AgentOptionsTests.Error(("DOCKMON_URL", "wss://h"), ("CLIENT_CERT_FILE", certificate), ("CLIENT_KEY_FILE", key));
}
