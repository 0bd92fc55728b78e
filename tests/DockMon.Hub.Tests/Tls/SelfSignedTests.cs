using DockMon.Hub.Tls;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Tls;

public sealed class SelfSignedTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_hub_prints_the_pin_that_clients_see_and_keeps_it_across_restarts()
    {
        using var output = new StringWriter();
        string pin;
        DateTime ends;
        await using (var first = await TlsFixture.StartAsync(_folder.Path, TlsOptions.SelfSigned, _time, Token, output))
        {
            (pin, ends, _) = await TlsFixture.LookAsync(first, Token);
            output.ToString().ShouldContain($"SERVER_PIN={pin}\n");
            foreach (var file in new[] { SelfSigned.KeyFile, SelfSigned.CertificateFile })
            {
                File.GetUnixFileMode(Path.Combine(_folder.Path, file)).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
        }

        await using var second = await TlsFixture.StartAsync(_folder.Path, TlsOptions.SelfSigned, _time, Token);
        (await TlsFixture.LookAsync(second, Token)).ShouldBe((pin, ends, 0));
    }

    [Fact]
    public void A_month_before_its_end_the_certificate_is_renewed_and_the_pin_stays()
    {
        var options = new HubOptions { Tls = TlsOptions.SelfSigned, DataPath = _folder.Path };
        var certificate = new ServerCertificate(options, _time, NullLogger<ServerCertificate>.Instance);
        var (pin, ends) = (certificate.Current.Pin, certificate.Current.Ends);
        _time.Advance(ends - _time.GetUtcNow() - TimeSpan.FromDays(31));
        certificate.Refresh();
        certificate.Current.Ends.ShouldBe(ends);

        _time.Advance(TimeSpan.FromDays(2));
        certificate.Refresh();
        certificate.Current.Ends.ShouldBeGreaterThan(ends + TimeSpan.FromDays(300));
        certificate.Current.Pin.ShouldBe(pin);
    }

    [Fact]
    public void A_damaged_certificate_is_made_again_and_a_damaged_key_is_not()
    {
        SelfSigned.Ensure(_folder.Path, [], _time.GetUtcNow());
        var certificate = Path.Combine(_folder.Path, SelfSigned.CertificateFile);
        var key = File.ReadAllText(Path.Combine(_folder.Path, SelfSigned.KeyFile));
        File.WriteAllText(certificate, "nothing");
        SelfSigned.Ensure(_folder.Path, [], _time.GetUtcNow());
        File.ReadAllText(certificate).ShouldContain("BEGIN CERTIFICATE");
        File.ReadAllText(Path.Combine(_folder.Path, SelfSigned.KeyFile)).ShouldBe(key);

        File.WriteAllText(Path.Combine(_folder.Path, SelfSigned.KeyFile), "nothing");
        Should.Throw<IOException>(() => SelfSigned.Ensure(_folder.Path, [], _time.GetUtcNow())).Message.ShouldContain("SERVER_PIN");
    }

    [Fact]
    public void The_certificate_has_the_names_it_is_given()
    {
        var made = SelfSigned.Ensure(_folder.Path, ["hub.example.com", "192.0.2.1", "*"], _time.GetUtcNow());
        var certificate = LoadedCertificate.Read(File.ReadAllBytes(made.CertificateFile!), File.ReadAllBytes(made.KeyFile!)).Leaf;
        certificate.MatchesHostname("hub.example.com").ShouldBeTrue();
        certificate.MatchesHostname("192.0.2.1").ShouldBeTrue();
        certificate.MatchesHostname("localhost").ShouldBeTrue();
        certificate.MatchesHostname("elsewhere.example.com").ShouldBeFalse();
    }
}
