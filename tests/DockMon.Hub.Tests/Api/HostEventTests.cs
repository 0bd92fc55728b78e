using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Api;

/// <summary>What the stream tells of hosts, beside what their agents send.</summary>
public sealed class HostEventTests : HubTests
{
    [Fact]
    public async Task Another_policy_of_a_host_is_told()
    {
        await Agent.SendEventAsync("policy", """{"mode":"observe","enforced":true,"usable":true,"actions":{"stop":"refused"}}""", Token);
        await UntilToldAsync("event: policy", "\"mode\":\"observe\"");
    }

    [Fact]
    public async Task What_is_no_policy_is_not_told()
    {
        await Agent.SendEventAsync("policy", """{"mode":null,"actions":{}}""", Token);
        await UntilReadAsync();
        Feed().ShouldNotContain(item => FeedText.Lines(item)[1] == "event: policy");
    }

    [Fact]
    public async Task A_removed_host_is_told()
    {
        (await Hub.AskAsync(HttpMethod.Delete, HostPath, null, Token)).Status.ShouldBe(System.Net.HttpStatusCode.NoContent);
        await UntilToldAsync("event: host_removed", Agent.HostId);
    }

    private Task UntilToldAsync(string name, string data) => Retry.UntilAsync(
        name + " is in the stream",
        () => Feed().Any(item => FeedText.Lines(item) is var lines && lines[1] == name && lines[2].Contains(data, StringComparison.Ordinal)),
        ct: Token);
}
