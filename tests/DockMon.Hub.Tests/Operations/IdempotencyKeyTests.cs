using System.Net;
using System.Text.Json;
using DockMon.Hub.Operations;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Operations;

public sealed class IdempotencyKeyTests : HubTests
{
    /// <summary>The requests that begin an operation, in an order in which they can.</summary>
    private static readonly (HttpMethod Method, string Path, string? Body)[] Beginning =
    [
        (HttpMethod.Post, "/containers/c1/update", """{"image":"x"}"""),
        (HttpMethod.Put, "/stacks/shop", """{"compose":"services: {}","revision":""}"""),
        (HttpMethod.Delete, "/stacks/shop", null),
    ];

    [Fact]
    public async Task A_request_whose_answer_was_lost_is_repeated_and_begins_nothing()
    {
        foreach (var (method, path, body) in Beginning)
        {
            var key = Guid.NewGuid().ToString();
            var first = SendAsync(method, path, body, key, Token);
            await Agent.AnswerAsync(await Agent.ReadFrameAsync(Token), """{"status":"started"}""", Token);
            var (status, id) = await first;
            (status, id).ShouldBe((HttpStatusCode.Accepted, key));
            (await SendAsync(method, path, body, key, Token)).ShouldBe((HttpStatusCode.Accepted, key));
        }

        (await SendAsync(HttpMethod.Delete, "/stacks/shop", null, "not an id", Token)).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await Service<OperationStore>().ListAsync([Agent.HostId], 10, Token)).Count.ShouldBe(3);
        var other = await Hub.StartAgentAsync(Token, "ENGINE:2", "other");
        var used = (await Service<OperationStore>().ListAsync([Agent.HostId], 1, Token)).Single().Id;
        (await SendAsync(HttpMethod.Post, "/containers/c1/update", """{"image":"x"}""", used, Token, other.HostId)).Status.ShouldBe(HttpStatusCode.Conflict);
        (await SendAsync(HttpMethod.Post, "/containers/c2/update", """{"image":"x"}""", used, Token)).Status.ShouldBe(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task An_operation_ends_also_when_who_asked_for_it_is_gone()
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var asking = SendAsync(HttpMethod.Post, "/containers/c1/update", """{"image":"x"}""", Guid.NewGuid().ToString(), gone.Token);
        var request = await Agent.ReadFrameAsync(Token);
        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(asking);
        await Agent.SendAsync($$"""{"type":"response","id":"{{request.GetProperty("id").GetString()}}","error":"not now"}""", Token);
        await Retry.UntilAsync(
            "it has failed",
            async () => (await Service<OperationStore>().ListAsync([Agent.HostId], 10, Token)).Single() is { State: OperationStates.Failed, Error: "not now" },
            ct: Token);
    }

    [Fact]
    public async Task Requests_with_one_key_in_the_same_instant_begin_one_operation_and_all_get_it()
    {
        foreach (var (method, path, body) in Beginning)
        {
            var key = Guid.NewGuid().ToString();
            var asking = Enumerable.Range(0, 8).Select(_ => Task.Run(() => SendAsync(method, path, body, key, Token), Token)).ToList();
            await Agent.AnswerAsync(await Agent.ReadFrameAsync(Token), """{"status":"started"}""", Token);
            (await Task.WhenAll(asking)).ShouldAllBe(answer => answer.Status == HttpStatusCode.Accepted && answer.Id == key);
        }

        (await Service<OperationStore>().ListAsync([Agent.HostId], 10, Token)).Count.ShouldBe(3);
        var next = Hub.AskAsync(HttpMethod.Post, HostPath + "/command", """{"command":"list_images"}""", Token);
        var request = await Agent.ReadFrameAsync(Token);
        request.GetProperty("command").GetString().ShouldBe("list_images", "the agent was asked once for each");
        await Agent.AnswerAsync(request, "[]", Token);
        await next;
    }

    private async Task<(HttpStatusCode Status, string? Id)> SendAsync(
        HttpMethod method, string path, string? body, string key, CancellationToken ct, string? host = null)
    {
        using var message = new HttpRequestMessage(method, (host is null ? HostPath : "/api/hosts/" + host) + path);
        message.Headers.Add("Idempotency-Key", key);
        message.Content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var answer = await Hub.Http.SendAsync(message, ct);
        return (answer.StatusCode, JsonElement.Parse(await answer.Content.ReadAsStringAsync(ct)).TryGetProperty("id", out var id) ? id.GetString() : null);
    }
}
