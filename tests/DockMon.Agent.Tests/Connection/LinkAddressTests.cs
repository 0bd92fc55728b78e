using DockMon.Agent.Connection.Dialing;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection;

public sealed class LinkAddressTests
{
    [Theory]
    [InlineData("ws://192.0.2.1:8080", true)]
    [InlineData("http://dockmon.example", true)]
    [InlineData("wss://dockmon.example", false)]
    [InlineData("ws://localhost:8080", false)]
    [InlineData("ws://127.0.0.2:8080", false)]
    [InlineData("ws://[::1]:8080", false)]
    public async Task A_connection_to_another_machine_without_TLS_is_a_warning(string server, bool warned)
    {
        await using var fixture = await LinkFixture.CreateAsync(("DOCKMON_URL", server));
        await fixture.StopAsync(); // So that nobody is dialled.
        fixture.Start();
        await fixture.StopAsync();
        fixture.Lines.Any(line => line.StartsWith("Warning") && line.Contains("not encrypted") && line.Contains(new Uri(server).Authority)).ShouldBe(warned);
    }

    [Theory]
    [InlineData(UnixFileMode.None, false)]
    [InlineData(UnixFileMode.GroupRead, false)]
    [InlineData(UnixFileMode.OtherRead, true)]
    public async Task A_key_that_every_user_may_read_is_a_warning(UnixFileMode more, bool warned)
    {
        using var authority = new TestAuthority();
        using var folder = new TemporaryFolder();
        var (certificate, key) = (folder.File("own/cert.pem"), folder.File("own/key.pem"));
        authority.IssueInto(folder.File("own"));
        File.SetUnixFileMode(key, UnixFileMode.UserRead | more);
        await using var fixture = await LinkFixture.CreateAsync(
            ("DOCKMON_URL", "wss://dockmon.example"),
            ("CLIENT_CERT_FILE", certificate),
            ("CLIENT_KEY_FILE", key));
        await fixture.StopAsync(); // So that nobody is dialled.
        fixture.Start();
        await fixture.StopAsync();
        fixture.Lines.Any(line => line.StartsWith("Warning") && line.Contains("Every user may read") && line.Contains(key)).ShouldBe(warned);
    }

    [Theory]
    [InlineData("ws://h:1", "ws://h:1/api/agent/ws")]
    [InlineData("wss://h/", "wss://h/api/agent/ws")]
    [InlineData("wss://h/dockmon", "wss://h/dockmon/api/agent/ws")]
    [InlineData("wss://h/a/b/", "wss://h/a/b/api/agent/ws")]
    public void A_path_prefix_is_kept_and_joined_with_one_slash(string server, string endpoint) =>
        Dialer.Endpoint(new Uri(server), ProtocolLimits.ControlPath).ToString().ShouldBe(new Uri(endpoint).ToString());
}
