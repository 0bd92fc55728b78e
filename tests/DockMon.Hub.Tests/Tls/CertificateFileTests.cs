using DockMon.Hub.Tls;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Tls;

public sealed class CertificateFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestAuthority _authority = new();
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    private readonly LogCapture _log = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TlsOptions Files => new(_folder.File("cert.pem"), _folder.File("key.pem"));

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_certificate_is_shown_with_its_chain_and_a_new_one_without_a_restart()
    {
        using var intermediate = new TestAuthority("Intermediate of a test", above: _authority);
        intermediate.IssueInto(_folder.Path);
        await File.AppendAllTextAsync(Files.CertificateFile!, "\n" + intermediate.Pem, Token);
        await using var hub = await TlsFixture.StartAsync(_folder.File("data"), Files, _time, Token);
        var (first, _, chain) = await TlsFixture.LookAsync(hub, Token);
        chain.ShouldBe(1);

        _authority.IssueInto(_folder.Path);
        await Retry.UntilAsync("the new certificate is shown", async () =>
        {
            _time.Advance(TimeSpan.FromSeconds(30));
            return (await TlsFixture.LookAsync(hub, Token)).Pin != first;
        }, ct: Token);
    }

    [Fact]
    public void A_pair_that_does_not_belong_together_leaves_the_old_one_and_is_logged_once()
    {
        _authority.IssueInto(_folder.Path);
        var certificate = Read();
        var pin = certificate.Current.Pin;
        var key = File.ReadAllText(Files.KeyFile!);

        _authority.IssueInto(_folder.Path);
        var newKey = File.ReadAllText(Files.KeyFile!);
        File.WriteAllText(Files.KeyFile!, key);
        certificate.Refresh();
        certificate.Refresh();
        certificate.Current.Pin.ShouldBe(pin);
        _log.Lines.Where(line => line.StartsWith("Error: ", StringComparison.Ordinal)).ShouldHaveSingleItem().ShouldContain(Files.CertificateFile!);

        File.WriteAllText(Files.KeyFile!, newKey);
        certificate.Refresh();
        certificate.Current.Pin.ShouldNotBe(pin);
    }

    [Fact]
    public void A_certificate_that_ends_soon_is_a_warning()
    {
        _authority.IssueInto(_folder.Path);
        var certificate = Read();
        _time.Advance(certificate.Current.Ends - _time.GetUtcNow() - TimeSpan.FromDays(15));
        certificate.Refresh();
        _log.Text.ShouldNotContain("Warning");
        _time.Advance(TimeSpan.FromDays(2));
        certificate.Refresh();
        _log.Text.ShouldContain($"Warning: The certificate {Files.CertificateFile} ends on ");
    }

    [Fact]
    public void At_the_start_a_certificate_that_cannot_be_used_is_an_error_that_names_both_variables()
    {
        var message = Should.Throw<IOException>(Read).Message;
        message.ShouldContain("HUB_TLS_CERT");
        message.ShouldContain("HUB_TLS_KEY");
    }

    private ServerCertificate Read() =>
        new(new HubOptions { Tls = Files, DataPath = _folder.Path }, _time, new Logger<ServerCertificate>(_log));
}
