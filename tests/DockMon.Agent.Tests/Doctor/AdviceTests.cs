using System.Net.Sockets;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection.Dialing;
using DockMon.Agent.Doctor;
using DockMon.Agent.Doctor.Advice;
using DockMon.Engine;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Doctor;

public sealed class AdviceTests
{
    private const string Pin = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    private const string OtherPin = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=";
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static readonly SeenCertificate Good = new(
        "CN=host",
        "CN=CA",
        Pin,
        ["host", "10.0.0.1"],
        Now.AddDays(-1),
        Now.AddDays(1),
        WrongName: false,
        MissingAuthority: null,
        AuthoritySent: false,
        []);
    private static readonly Uri Endpoint = new("wss://host/prefix/api/agent/ws");

    [Fact]
    public void A_good_certificate_is_shown_with_its_issuer_its_end_and_its_key()
    {
        Judge(Good).ShouldBe(CheckResult.Ok(
            $"certificate of CN=host, issued by CN=CA, valid until 2026-11-24 12:00 UTC, key {Pin}; trusted by the authorities of this machine"));
        Judge(Good, new ServerIdentity { CaFile = "/ca.pem" }).Found.ShouldEndWith("; trusted by the authorities in /ca.pem (SERVER_CA_FILE)");
        Judge(Good, new ServerIdentity { CaFile = "/ca.pem", Pins = [Pin] }).Found.ShouldEndWith("(SERVER_CA_FILE) and for its key (SERVER_PIN)");
    }

    [Fact]
    public void A_pinned_key_is_enough_by_itself_and_not_beside_authorities()
    {
        var selfSigned = Good with { Issuer = "CN=host", MissingAuthority = "CN=host", AuthoritySent = true, WrongName = true };
        Judge(selfSigned, new ServerIdentity { Pins = [OtherPin, Pin] }).ShouldSatisfyAllConditions(
            finding => finding.Status.ShouldBe(CheckStatus.Ok),
            finding => finding.Found.ShouldEndWith("trusted for its key alone (SERVER_PIN)"));
        Judge(selfSigned, new ServerIdentity { Pins = [Pin], CaFile = "/ca.pem" }).ShouldSatisfyAllConditions(
            finding => finding.Status.ShouldBe(CheckStatus.Failed),
            finding => finding.Found.ShouldEndWith("leads to CN=host, which is not in /ca.pem (SERVER_CA_FILE)"));
        Judge(selfSigned).Remedy.ShouldNotBeNull().ShouldContain($"has to be seen on the server itself, set SERVER_PIN={Pin}; or give the agent");
        Judge(Good with { MissingAuthority = "CN=CA" }).Remedy.ShouldNotBeNull().ShouldNotContain("SERVER_PIN");
    }

    [Fact]
    public void A_key_that_is_not_pinned_fails_whoever_signed_it()
    {
        Judge(Good, new ServerIdentity { Pins = [OtherPin] }).ShouldSatisfyAllConditions(
            finding => finding.Status.ShouldBe(CheckStatus.Failed),
            finding => finding.Found.ShouldEndWith($"key {Pin}, which is not in SERVER_PIN"),
            finding => finding.Remedy.ShouldNotBeNull().ShouldContain("else somebody answers in its place"));
    }

    [Fact]
    public void Each_thing_that_is_wrong_with_a_certificate_has_its_remedy()
    {
        var finding = Judge(Good with { Until = Now.AddHours(-1), WrongName = true, MissingAuthority = "CN=CA" });
        finding.Status.ShouldBe(CheckStatus.Failed);
        finding.Found.ShouldEndWith(
            "which has expired and is not for server but for host, 10.0.0.1 and leads to CN=CA, an authority this machine does not trust");
        finding.Remedy.ShouldNotBeNull().ShouldContain("renew");
        finding.Remedy.ShouldContain("fullchain.pem");
    }

    [Fact]
    public void A_certificate_of_the_future_is_a_matter_of_this_machines_clock()
    {
        Judge(Good with { From = Now.AddHours(1) }).Remedy.ShouldNotBeNull().ShouldStartWith("set this machine's clock, which says 2026-11-23 12:00 UTC");
    }

    [Fact]
    public void An_authority_whose_own_certificate_came_along_is_no_matter_of_a_missing_link()
    {
        Judge(Good with { MissingAuthority = "CN=CA", AuthoritySent = true }).Remedy.ShouldNotBeNull().ShouldNotContain("intermediate");
    }

    [Fact]
    public void Not_checking_is_a_warning_even_when_there_is_no_need_for_it()
    {
        TlsAdvice.Judge(Good, "server", new AgentOptions { ServerUrl = Endpoint, InsecureSkipVerify = true }, Now).ShouldSatisfyAllConditions(
            finding => finding.Status.ShouldBe(CheckStatus.Warning),
            finding => finding.Remedy.ShouldBe("unset INSECURE_SKIP_VERIFY: the certificate is valid"));
    }

    [Theory]
    [InlineData("https://login.example.com/start?token=secret", "https://login.example.com/start:")]
    [InlineData("/elsewhere", "https://host/elsewhere:")]
    [InlineData("https://other:8443/dockmon/api/agent/ws", "https://other:8443/dockmon:")]
    [InlineData("/api/agent/ws/", "https://host:")]
    public void A_redirect_is_shown_without_its_query(string location, string shown)
    {
        var remedy = UpgradeAdvice.Remedy(302, new Uri(location, UriKind.RelativeOrAbsolute), Endpoint);
        remedy.ShouldContain(shown);
        remedy.ShouldNotContain("secret");
    }

    [Theory]
    [InlineData(400, "nginx")]
    [InlineData(401, "what answers at /prefix/api/agent/ws wants a login: if the path in DOCKMON_URL is wrong, correct it")]
    [InlineData(407, "http://USER:PASSWORD@HOST:PORT")]
    [InlineData(504, "start DockMon")]
    [InlineData(500, "see the server's log")]
    public void A_status_has_a_remedy(int status, string words)
    {
        UpgradeAdvice.Remedy(status, null, Endpoint).ShouldContain(words);
    }

    [Theory]
    [InlineData(SocketError.AddressNotAvailable, "-v /var/run/docker.sock:/nowhere.sock")]
    [InlineData(SocketError.ConnectionRefused, "restart the agent's container")]
    public void A_socket_in_a_container_is_a_matter_of_its_mounts(SocketError error, string words)
    {
        SocketAdvice.Explain("/nowhere.sock", new SocketException((int)error), inContainer: true).Remedy.ShouldNotBeNull().ShouldContain(words);
    }

    [Fact]
    public void A_directory_where_the_socket_should_be_was_made_by_Docker()
    {
        SocketAdvice.Explain("/tmp", new SocketException((int)SocketError.ConnectionRefused), inContainer: true).Found.ShouldStartWith("/tmp is a directory");
    }

    [Theory]
    [InlineData("tcp://127.0.0.1:2375", "check the address in DOCKER_HOST")]
    [InlineData("unix:///nowhere.sock", "docker info")]
    public void An_engine_that_cannot_be_reached_has_the_remedy_of_its_kind_of_address(string host, string words)
    {
        var error = new EngineUnavailableException("cannot connect", new SocketException((int)SocketError.ConnectionRefused));
        EngineAdvice.Explain(error, EngineEndpoint.FromEnvironment(host, null, null)).Remedy.ShouldNotBeNull().ShouldContain(words);
    }

    private static CheckResult Judge(SeenCertificate certificate, ServerIdentity? identity = null) =>
        TlsAdvice.Judge(certificate, "server", new AgentOptions { ServerUrl = Endpoint, Identity = identity ?? new ServerIdentity() }, Now);
}
