using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;

namespace DockMon.Engine.Tests;

public sealed class EngineExceptionTests
{
    [Theory]
    [InlineData("No such container: abc", 404, true)]
    [InlineData("inspecting container: no such container", 500, true)]
    [InlineData("no such container", null, false)]
    [InlineData("something else", 500, false)]
    public void A_missing_container_is_known_by_its_status_or_by_the_words_of_Podman(string message, int? status, bool isMissing) =>
        new EngineException(message, (HttpStatusCode?)status).IsMissing.ShouldBe(isMissing);

    [Theory]
    [InlineData("Conflict. The container name \"/web\" is already in use by container \"x\"", 409, true)]
    [InlineData("creating container storage: the container name \"web\" is already in use by x", 500, true)]
    [InlineData("Conflict. The container name \"/other\" is already in use by container \"x\"", 409, false)]
    [InlineData("driver failed on web: port is already allocated", 500, false)]
    public void A_name_is_taken_only_if_it_is_that_name(string message, int status, bool isTaken) =>
        new EngineException(message, (HttpStatusCode)status).IsNameTaken("web").ShouldBe(isTaken);

    [Theory]
    [InlineData("removal of container x is already in progress", 409, true)]
    [InlineData("removal of container x is already in progress", 500, false)]
    [InlineData("the container is running", 409, false)]
    public void A_removal_in_progress_is_one_kind_of_conflict(string message, int status, bool isInProgress) =>
        new EngineException(message, (HttpStatusCode)status).IsRemovalInProgress.ShouldBe(isInProgress);

    [Fact]
    public void What_stands_in_the_way_of_TLS_is_known()
    {
        new EngineException("Client sent an HTTP request to an HTTPS server.", HttpStatusCode.BadRequest).IsTlsRequired.ShouldBeTrue();
        new EngineException("bad parameter", HttpStatusCode.BadRequest).IsTlsRequired.ShouldBeFalse();

        var alert = new IOException("error:0A000412:SSL routines::ssl/tls alert bad certificate");
        new EngineUnavailableException("cannot connect", new HttpRequestException("failed", alert)).IsClientCertificateRefused.ShouldBeTrue();
        new EngineUnavailableException(
            "cannot connect",
            new AuthenticationException("the remote certificate is invalid")).IsClientCertificateRefused.ShouldBeFalse();
    }

    [Theory]
    [InlineData("tcp://192.0.2.1:2375")]
    [InlineData("unix:///var/run/docker.sock")]
    public void A_connection_that_times_out_says_so_with_the_word_that_servers_look_for(string host)
    {
        var endpoint = EngineEndpoint.FromEnvironment(host, null, null);

        EngineConnector.Unavailable(endpoint, new HttpRequestException("failed", new SocketException((int)SocketError.TimedOut)))
            .Message.ShouldStartWith($"cannot connect to the Docker engine at {host}: timeout: ");
        EngineConnector.Unavailable(endpoint, new HttpRequestException("failed", new SocketException((int)SocketError.ConnectionRefused)))
            .Message.ShouldNotContain("timeout");
    }
}
