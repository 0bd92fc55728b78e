using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DockMon.Engine.Tests;

public sealed class EngineEndpointTests
{
    [Theory]
    [InlineData(null, "unix:///var/run/docker.sock", "http://docker/")]
    [InlineData("", "unix:///var/run/docker.sock", "http://docker/")]
    [InlineData("unix:///run/x.sock", "unix:///run/x.sock", "http://docker/")]
    [InlineData("tcp://host", "tcp://host", "http://host:2375/")]
    [InlineData("tcp://host:99", "tcp://host:99", "http://host:99/")]
    [InlineData("tcp://[::1]:99", "tcp://[::1]:99", "http://[::1]:99/")]
    [InlineData("http://host/docker/", "http://host/docker/", "http://host:2375/docker")]
    [InlineData("https://host", "https://host", "https://host:2376/")]
    [InlineData("host:2375", "host:2375", "http://host:2375/")]
    public void Addresses_mean_what_they_mean_to_the_docker_command(string? host, string description, string address)
    {
        var endpoint = EngineEndpoint.FromEnvironment(host, null, "");

        endpoint.Description.ShouldBe(description);
        endpoint.BaseUri.AbsoluteUri.ShouldBe(address);
    }

    [Theory]
    [InlineData("ssh://me@host", "ssh:// is not supported")]
    [InlineData("npipe:////./pipe/docker_engine", "npipe:// is only for Windows")]
    [InlineData("/var/run/docker.sock", "use unix://")]
    [InlineData("unix://run.sock", "absolute path")]
    [InlineData("ftp://host", "no engine address")]
    [InlineData("tcp://", "no engine address")]
    public void An_unusable_address_is_answered_with_a_remedy(string host, string part)
    {
        var error = Should.Throw<EngineConfigurationException>(() => EngineEndpoint.FromEnvironment(host, null, null));

        error.Message.ShouldContain(part);
        error.Message.ShouldContain("DOCKER_HOST");
        error.Message.ShouldNotContain("\n");
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("0", true)]
    [InlineData("False", true)]
    [InlineData("1", true)]
    [InlineData("yes", true)]
    public void Verification_follows_the_variable(string? verify, bool verified)
    {
        using var folder = new CertificateFolder();

        var endpoint = EngineEndpoint.FromEnvironment("tcp://host", folder.Path, verify);

        endpoint.BaseUri.AbsoluteUri.ShouldBe("https://host:2376/");
        endpoint.Tls!.ClientCertificateContext.ShouldNotBeNull();
        (endpoint.Tls.CertificateChainPolicy is not null).ShouldBe(verified);
        (endpoint.Tls.RemoteCertificateValidationCallback is null).ShouldBe(verified);
    }

    [Theory]
    [InlineData("ca.pem")]
    [InlineData("cert.pem")]
    [InlineData("key.pem")]
    public void A_missing_file_is_named_with_its_variable(string file)
    {
        using var folder = new CertificateFolder();
        File.Delete(Path.Combine(folder.Path, file));

        var error = Should.Throw<EngineConfigurationException>(() => EngineEndpoint.FromEnvironment("tcp://host", folder.Path, "1"));

        error.Message.ShouldStartWith($"cannot use {Path.Combine(folder.Path, file)}: there is no such file");
        error.Message.ShouldContain("DOCKER_CERT_PATH");
        error.Message.ShouldNotContain("\n");
    }

    [Theory]
    [InlineData("ca.pem")]
    [InlineData("cert.pem")]
    [InlineData("key.pem")]
    public void A_file_that_is_no_certificate_is_named(string file)
    {
        using var folder = new CertificateFolder();
        File.WriteAllText(Path.Combine(folder.Path, file), "rubbish");

        var error = Should.Throw<EngineConfigurationException>(() => EngineEndpoint.FromEnvironment("tcp://host", folder.Path, "1"));

        error.Message.ShouldContain(Path.Combine(folder.Path, file));
    }

    private sealed class CertificateFolder : IDisposable
    {
        public CertificateFolder()
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=engine", key, HashAlgorithmName.SHA256);
            using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
            foreach (var name in (string[])["ca.pem", "cert.pem"])
            {
                File.WriteAllText(System.IO.Path.Combine(Path, name), certificate.ExportCertificatePem());
            }

            File.WriteAllText(System.IO.Path.Combine(Path, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        }

        public string Path { get; } = Directory.CreateTempSubdirectory("engine-tls").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
