using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Engine;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

public sealed class ListingTests
{
    private const int Count = 500;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Five_hundred_containers_cost_the_engine_one_request_after_the_first_listing()
    {
        // An engine of its own: what other tests make and remove would not be counted right.
        await using var engine = await PrivateEngine.StartAsync(Token);
        using (var client = new EngineClient(EngineEndpoint.FromEnvironment(engine.Host, null, null), TimeProvider.System))
        {
            var body = $$$"""{"Image":"{{{TestImage.Name}}}","Cmd":["sleep","1"],"Env":["A=1","B=x=y"],"HostConfig":{"NetworkMode":"none"}}""";
            await Parallel.ForAsync(
                0,
                Count,
                new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Token },
                async (_, ct) => await client.CreateContainerAsync(JsonNode.Parse(body)!.AsObject(), null, ct));
        }

        await using var counter = new CountingSocket(engine.Host["unix://".Length..]);
        // Without statistics, which ask about a container that starts.
        await using var installation = await Installation.StartAsync(Token, counter.Host, new Dictionary<string, string> { ["STATS_INTERVAL"] = "0" });
        var (first, firstTime, _) = await ListAsync(installation, counter);
        var (second, secondTime, requests) = await ListAsync(installation, counter);

        // Lists of the hub itself, for its inventory, may be among them: they cost no more.
        requests.ShouldNotBeEmpty();
        requests.ShouldAllBe(request => request.Contains("/containers/json?all=1"));
        first.GetArrayLength().ShouldBe(Count);
        second.GetRawText().ShouldBe(first.GetRawText());
        first[0].GetProperty("Env").GetRawText().ShouldBe("""{"A":"1","B":"x=y"}""");
        first[0].GetProperty("RepoDigests").GetArrayLength().ShouldBe(0);
        first[0].TryGetProperty("StartedAt", out _).ShouldBeFalse();
        var rss = (await File.ReadAllLinesAsync(
            $"/proc/{installation.Agent.Id}/status",
            Token)).Single(line => line.StartsWith("VmRSS", StringComparison.Ordinal));
        TestContext.Current.SendDiagnosticMessage(
            $"{Count} containers: first listing {firstTime.TotalMilliseconds:0} ms, second {secondTime.TotalMilliseconds:0} ms, agent {rss}");

        // What changes is asked for again: a start gives another StartedAt.
        var id = first[0].GetProperty("Id").GetString()!;
        await installation.OperateAsync("start", id, Token);
        await Retry.UntilAsync("the start is told", async () => (await installation.EventsOfAsync(id, Token)).Contains("start"), ct: Token);
        var (third, _, after) = await ListAsync(installation, counter);
        after.Count(request => !request.Contains("/containers/json?all=1")).ShouldBeLessThanOrEqualTo(1);
        third.EnumerateArray().Single(item => item.GetProperty("Id").GetString() == id).GetProperty("StartedAt").GetString().ShouldNotBeNullOrEmpty();
    }

    private static async Task<(JsonElement List, TimeSpan Time, List<string> Requests)> ListAsync(Installation installation, CountingSocket counter)
    {
        var before = counter.Requests.Count;
        var started = Stopwatch.GetTimestamp();
        var list = await installation.CommandAsync("list_containers", Token);
        var time = Stopwatch.GetElapsedTime(started);
        return (list, time, [.. counter.Requests.Skip(before)]);
    }
}
