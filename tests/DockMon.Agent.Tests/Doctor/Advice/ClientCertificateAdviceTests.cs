using System.Security.Cryptography.X509Certificates;
using DockMon.Agent.Connection.Dialing;
using DockMon.Agent.Doctor;
using DockMon.Agent.Doctor.Advice;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Doctor.Advice;

public sealed class ClientCertificateAdviceTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly TemporaryFolder _folder = new();
    private readonly X509Certificate2 _certificate;
    private readonly string _key;

    public ClientCertificateAdviceTests()
    {
        _certificate = _authority.Issue();
        _key = Path.Combine(_authority.IssueInto(_folder.File("own")), "key.pem");
    }

    private DateTimeOffset Until => _certificate.NotAfter;

    public void Dispose()
    {
        _certificate.Dispose();
        _folder.Dispose();
        _authority.Dispose();
    }

    [Fact]
    public void None_is_right_where_none_is_demanded()
    {
        ClientCertificateAdvice.Missing(isAsked: false, failure: null).ShouldBe(CheckResult.Ok("none, and the server asks for none"));
        ClientCertificateAdvice.Missing(isAsked: true, new DialException("it answered 404")).ShouldBe(
            CheckResult.Ok("none; the server asks for one, and does without"));
        ClientCertificateAdvice.Missing(isAsked: true, new DialException("it answered 400") { LacksCertificate = true }).ShouldSatisfyAllConditions(
            finding => finding.Status.ShouldBe(CheckStatus.Failed),
            finding => finding.Found.ShouldEndWith("asks for a client certificate, and there is none: it answered 400"));
    }

    [Fact]
    public void A_good_one_is_shown_with_its_end()
    {
        var finding = Judge(Until.AddDays(-15));
        finding.Status.ShouldBe(CheckStatus.Ok);
        finding.Found.ShouldStartWith("certificate of CN=server, issued by CN=Authority of a test, valid until ");
        Judge(Until.AddDays(-15), new DialException("it answered 502")).Status.ShouldBe(CheckStatus.Ok);
    }

    [Fact]
    public void One_that_ends_soon_is_a_warning() => Judge(Until.AddDays(-13)).ShouldSatisfyAllConditions(
        finding => finding.Status.ShouldBe(CheckStatus.Warning),
        finding => finding.Found.ShouldEndWith(", which is soon"));

    [Fact]
    public void One_of_the_future_is_a_matter_of_the_clock() =>
        Judge(new DateTimeOffset(_certificate.NotBefore).AddHours(-1)).Remedy.ShouldNotBeNull().ShouldStartWith("set this machine's clock");

    [Fact]
    public void One_that_the_server_does_not_accept_fails() => Judge(Until.AddDays(-15), new DialException("TLS") { IsTlsAlert = true })
        .ShouldSatisfyAllConditions(
            finding => finding.Status.ShouldBe(CheckStatus.Failed),
            finding => finding.Found.ShouldEndWith("is not accepted: TLS"));

    [Fact]
    public void A_key_that_everybody_may_read_is_a_warning()
    {
        File.SetUnixFileMode(_key, File.GetUnixFileMode(_key) | UnixFileMode.OtherRead);
        Judge(Until.AddDays(-15)).ShouldSatisfyAllConditions(
            finding => finding.Status.ShouldBe(CheckStatus.Warning),
            finding => finding.Remedy.ShouldBe($"chmod o-r {_key}"));
    }

    private CheckResult Judge(DateTimeOffset now, Exception? failure = null) => ClientCertificateAdvice.Judge(_certificate, _key, failure, now);
}
