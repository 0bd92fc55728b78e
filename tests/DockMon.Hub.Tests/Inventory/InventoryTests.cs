using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using DockMon.Hub.Api;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.Inventory;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Inventory;

public sealed class InventoryTests : HubTests
{
    private const string Two =
        """
        [{"Id":"a","Names":["/web"],"Image":"nginx:1","State":"running","Status":"Up 1 second","Created":1},
         {"Id":"b","Names":["/db"],"Image":"postgres:16","State":"exited","Status":"Exited (0) 1 hour ago","Created":2}]
        """;

    [Fact]
    public async Task A_host_that_connects_is_listed_by_itself_and_its_containers_are_found_when_it_is_gone()
    {
        await ListAsync(Two);
        var page = await FindAsync("");
        Names(page).ShouldBe(["db", "web"]);
        page.GetProperty("total").GetInt32().ShouldBe(2);
        page.GetProperty("counts").GetProperty("exited").GetInt32().ShouldBe(1);
        var web = page.GetProperty("items")[1];
        web.GetProperty("host").GetString().ShouldBe("host");
        web.GetProperty("host_connected").GetBoolean().ShouldBeTrue();
        web.GetProperty("created").GetString().ShouldBe("1970-01-01T00:00:01Z");

        await LoseAgentAsync();
        page = await FindAsync("");
        Names(page).ShouldBe(["db", "web"]);
        page.GetProperty("items")[0].GetProperty("host_connected").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    public async Task A_container_keeps_the_name_of_its_image_when_the_name_means_another_one()
    {
        var updates = Service<InventoryUpdates>();
        const string Moved = """[{"Id":"a","Names":["/web"],"Image":"sha256:1","ImageID":"sha256:1"},{"Id":"c","Image":"sha256:2"}]""";
        await updates.TakeListAsync(Agent.HostId, JsonElement.Parse(Two), Token);
        await updates.TakeListAsync(Agent.HostId, JsonElement.Parse(Moved), Token);
        await updates.TakeListAsync(Agent.HostId, JsonElement.Parse(Moved), Token);
        (await Service<ContainerStore>().OfHostAsync(Agent.HostId, Token)).Values.Select(container => container.Image)
            .ShouldBe(["nginx:1", "sha256:2"], ignoreOrder: true);
    }

    [Fact]
    public async Task An_event_changes_the_container_at_once_and_a_list_follows_only_when_it_has_to()
    {
        await ListAsync(Two);
        await SendAsync("a", "health_status: unhealthy");
        await UntilAsync("health=unhealthy", "web");
        await SendAsync("a", "pause");
        await UntilAsync("state=paused", "web");
        await SendAsync("b", "destroy");
        await UntilAsync("", "web");

        await SendAsync("c", "create");
        await ListAsync("""[{"Id":"c","Names":["/new"],"State":"created"}]""");
        await UntilAsync("", "new");
        await SendAsync("c", "start");
        await UntilAsync("state=running", "new");
        await ListAsync("""[{"Id":"c","Names":["/new"],"State":"running","Status":"Up 1 second"}]""");
        await SendAsync("c", "kill");
        await SendAsync("c", "die");
        await SendAsync("c", "stop");
        await UntilAsync("state=exited", "new");
    }

    [Fact]
    public async Task A_list_of_before_an_event_does_not_undo_it_and_is_asked_for_again_until_it_is_believed()
    {
        const string Running = """[{"Id":"c","Names":["/named"],"State":"running","Status":"Up 1 second"}]""";
        await ListAsync(Running);
        await SendAsync("c", "die");
        await UntilAsync("state=exited", "named");
        for (var second = 0; second < 5; second++)
        {
            await ListAsync(Running);
            await UntilAsync("state=exited", "named");
        }

        // No event tells of this.
        await ListAsync(Running.Replace("running", "restarting", StringComparison.Ordinal));
        await UntilAsync("state=restarting", "named");
        await SendAsync("c", "start");
        await UntilAsync("state=running", "named");
        await ListAsync(Running.Replace("running", "exited", StringComparison.Ordinal));
        await UntilAsync("state=running", "named");

        // An event may have been lost.
        Hub.Time.Advance(HostSchedule.Settling);
        await ListAsync(Running.Replace("running", "exited", StringComparison.Ordinal));
        await UntilAsync("state=exited", "named");
    }

    [Fact]
    public async Task A_list_that_somebody_asks_for_between_is_answered_and_changes_nothing()
    {
        await ListAsync(Two);
        var asking = Hub.AskAsync(HttpMethod.Get, HostPath + "/containers", null, Token);
        var request = await Agent.ReadFrameAsync(Token);
        await SendAsync("b", "destroy");
        await UntilAsync("", "web");
        await SendAsync("a", "pause");
        await UntilAsync("state=paused", "web");
        Hub.Time.Advance(HostSchedule.Settling);
        await Agent.AnswerAsync(request, Two, Token);
        (await asking).Body.ShouldContain("postgres:16");
        Names(await FindAsync("?state=paused")).ShouldBe(["web"]);
        Names(await FindAsync("")).ShouldBe(["web"]);
    }

    [Fact]
    public async Task A_list_that_cannot_be_stored_is_asked_for_again()
    {
        await BreakAsync("INSERT", "containers");
        Agent.HearsLists = true;
        var reading = Agent.ReadFrameAsync(Token);
        await Retry.UntilAsync("the hub asks for a list", () =>
        {
            Hub.Time.Advance(TimeSpan.FromMilliseconds(100));
            return reading.IsCompleted;
        }, ct: Token);
        await Agent.AnswerAsync(await reading, Two, Token);
        reading = Agent.ReadFrameAsync(Token);
        await Retry.UntilAsync("the hub asks again", () =>
        {
            Hub.Time.Advance(TimeSpan.FromSeconds(1));
            return reading.IsCompleted;
        }, ct: Token);
        await MendAsync();
        await Agent.AnswerAsync(await reading, Two, Token);
        await UntilAsync("", "db", "web");
    }

    [Fact]
    public async Task Changes_are_streamed_and_replayed_to_who_comes_back()
    {
        await ListAsync(Two);
        var last = (await FindAsync("")).GetProperty("last_event_id").GetString()!;
        await SendAsync("a", "pause");
        await UntilAsync("state=paused", "web");
        using var reader = await FollowAsync("?last_event_id=" + last);
        var (name, data) = await NextAsync(reader);
        name.ShouldBe(FeedNames.ContainersChanged);
        data.GetProperty("host_id").GetString().ShouldBe(Agent.HostId);
        var changes = data.GetProperty("data");
        var row = changes.GetProperty("changed").EnumerateArray().Single();
        (row.GetProperty("name").GetString(), row.GetProperty("state").GetString()).ShouldBe(("web", "paused"));
        changes.GetProperty("added").GetArrayLength().ShouldBe(0);

        await Agent.SendEventAsync(EventNames.UpdateProgress, """{"not":"a change"}""", Token);
        await SendAsync("a", "destroy");
        (_, data) = await NextAsync(reader);
        data.GetProperty("data").GetProperty("removed")[0].GetString().ShouldBe("a");
    }

    [Fact]
    public async Task A_list_that_says_the_same_changes_nothing()
    {
        await ListAsync(Two);
        var last = Service<EventFeed>().LastId;
        var updates = Service<InventoryUpdates>();
        await updates.TakeListAsync(Agent.HostId, JsonElement.Parse(Two.Replace("Up 1 second", "Up 5 minutes", StringComparison.Ordinal)), Token);
        Service<EventFeed>().LastId.ShouldBe(last);
        await updates.TakeListAsync(Agent.HostId, JsonElement.Parse("[]"), Token);
        Service<EventFeed>().LastId.ShouldBe(last + 1);
    }

    [Fact]
    public async Task Many_changes_come_in_parts()
    {
        var last = Service<EventFeed>().LastId;
        var list = "[" + string.Join(',', Enumerable.Range(0, 250).Select(i => $$"""{"Id":"{{i}}"}""")) + "]";
        await Service<InventoryUpdates>().TakeListAsync(Agent.HostId, JsonElement.Parse(list), Token);
        Service<EventFeed>().LastId.ShouldBe(last + 3);
    }

    [Fact]
    public async Task Figures_of_the_containers_asked_for_come_every_second_and_with_the_list()
    {
        await ListAsync(Two);
        await SampleAsync("a", 12.5);
        await UntilReadAsync();
        var web = (await FindAsync("?sort=cpu&order=desc&limit=1")).GetProperty("items")[0];
        web.GetProperty("figures").GetProperty("cpu_percent").GetDouble().ShouldBe(12.5);

        using var reader = await FollowAsync($"?figures={Agent.HostId}:a,b");
        var (name, data) = await NextAsync(reader);
        name.ShouldBe(FeedNames.Figures);
        data.EnumerateArray().Single().GetProperty("figures").GetProperty("cpu_percent").GetDouble().ShouldBe(12.5);
        var next = NextAsync(reader);
        await Retry.UntilAsync("figures come again", () =>
        {
            Hub.Time.Advance(TimeSpan.FromMilliseconds(500));
            return next.IsCompleted;
        }, ct: Token);
        (await next).Name.ShouldBe(FeedNames.Figures);
    }

    [Theory]
    [InlineData("?sort=size")]
    [InlineData("?sort=3")]
    [InlineData("?order=up")]
    [InlineData("?cursor=x")]
    [InlineData("?cursor=e30")]
    [InlineData("?limit=many")]
    [InlineData("/changes?figures=x")]
    public async Task A_query_that_makes_no_sense_is_refused(string query) =>
        (await Hub.AskAsync(HttpMethod.Get, "/api/containers" + query, null, Token)).Status.ShouldBe(HttpStatusCode.BadRequest);

    [Theory]
    [InlineData("name", "asc")]
    [InlineData("name", "desc")]
    [InlineData("image", "asc")]
    [InlineData("created", "desc")]
    [InlineData("host", "asc")]
    [InlineData("cpu", "desc")]
    [InlineData("memory", "asc")]
    public async Task Pages_have_every_container_once_and_in_order(string sort, string order)
    {
        var list = "[" + string.Join(',', Enumerable.Range(0, 57).Select(i =>
            $$"""{"Id":"id{{i}}","Names":["/n{{i % 10}}"],"Image":"i{{i % 3}}","State":"running","Created":{{i % 5}}}""")) + "]";
        await Service<InventoryUpdates>().TakeListAsync(Agent.HostId, JsonElement.Parse(list), Token);
        for (var i = 0; i < 30; i++)
        {
            await SampleAsync($"id{i}", i % 7);
        }

        await UntilReadAsync();
        var all = new List<JsonElement>();
        var cursor = "";
        do
        {
            var page = await FindAsync($"?sort={sort}&order={order}&limit=10{cursor}");
            all.AddRange(page.GetProperty("items").EnumerateArray());
            cursor = page.TryGetProperty("next", out var next) ? "&cursor=" + next.GetString() : "";
        }
        while (cursor.Length > 0);

        all.Select(item => item.GetProperty("id").GetString()).Distinct().Count().ShouldBe(57);
        all.Count.ShouldBe(57);
        var keys = all.Select(item => sort switch
        {
            "cpu" or "memory" => item.TryGetProperty("figures", out var figures)
                ? figures.GetProperty("cpu_percent").GetDouble().ToString("000", CultureInfo.InvariantCulture) : "",
            _ => item.GetProperty(sort).GetString()!,
        }).ToList();
        keys.ShouldBe(order == "asc" ? keys.Order(StringComparer.Ordinal) : keys.OrderDescending(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("?q=WEB", "web")]
    [InlineData("?q=postgres", "db")]
    [InlineData("?q=100%25")]
    [InlineData("?q=_eb")]
    [InlineData("?q=host", "db", "web")]
    [InlineData("?state=running", "web")]
    [InlineData("?state=running&state=exited", "db", "web")]
    [InlineData("?host=host&image=NGINX", "web")]
    [InlineData("?host=elsewhere")]
    [InlineData("?tag=home", "db", "web")]
    [InlineData("?tag=work")]
    [InlineData("?project=x")]
    [InlineData("?sort=created", "web", "db")]
    public async Task Filters_say_which_containers_are_found(string query, params string[] names)
    {
        await ListAsync(Two);
        await ExecuteAsync($"INSERT INTO host_tags (host_id, tag) VALUES ('{Agent.HostId}', 'home')");
        Names(await FindAsync(query)).ShouldBe(names);
    }

    [Fact]
    public async Task Only_what_a_caller_may_see_is_found_and_counted()
    {
        await ListAsync(Two);
        var search = Service<ContainerSearch>();
        (await search.FindAsync(new ContainerQuery(), new VisibleHosts(new HashSet<string>()), Token)).Items.ShouldBeEmpty();
        (await search.CountAsync(new ContainerQuery(), new VisibleHosts(new HashSet<string> { "other" }), Token)).ShouldBeEmpty();
        (await search.FindAsync(new ContainerQuery(), new VisibleHosts(new HashSet<string> { Agent.HostId }), Token)).Items.Count.ShouldBe(2);
    }

    private static IEnumerable<string?> Names(JsonElement page) =>
        page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("name").GetString());

    private Task SendAsync(string id, string action) =>
        Agent.SendEventAsync(
            EventNames.ContainerEvent,
            $$"""{"container_id":"{{id}}","container_name":"n","image":"i","action":"{{action}}","timestamp":"{{Guid.NewGuid()}}","attributes":null}""",
            Token);

    private Task SampleAsync(string id, double cpu) => Agent.SendEventAsync(
        EventNames.ContainerStats,
        string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"container_id":"{{id}}","container_name":"n","cpu_percent":{{cpu}},"memory_usage":{{(long)cpu}},"timestamp":"t"}"""),
        Token);

    private async Task<JsonElement> FindAsync(string query)
    {
        var (status, body) = await Hub.AskAsync(HttpMethod.Get, "/api/containers" + query, null, Token);
        status.ShouldBe(HttpStatusCode.OK, body);
        return JsonElement.Parse(body);
    }

    private Task UntilAsync(string query, params string[] names) => Retry.UntilAsync(
        $"/api/containers?{query} has {string.Join(", ", names)}", async () => Names(await FindAsync("?" + query)).SequenceEqual(names), ct: Token);

    /// <summary>Answers the next list that the hub asks for, and waits until it is stored.</summary>
    private async Task ListAsync(string list)
    {
        Agent.HearsLists = true;
        var reading = Agent.ReadFrameAsync(Token);
        await Retry.UntilAsync("the hub asks for a list", () =>
        {
            Hub.Time.Advance(TimeSpan.FromMilliseconds(100));
            return reading.IsCompleted;
        }, ct: Token);
        var request = await reading;
        request.GetProperty("command").GetString().ShouldBe(CommandNames.ListContainers);
        await Agent.AnswerAsync(request, list, Token);
        var count = JsonElement.Parse(list).GetArrayLength();
        await Retry.UntilAsync(
            "the list is stored", async () => (await FindAsync("")).GetProperty("items").GetArrayLength() == count, ct: Token);
    }

    private async Task<StreamReader> FollowAsync(string query)
    {
        var answer = await Hub.Http.GetAsync("/api/containers/changes" + query, HttpCompletionOption.ResponseHeadersRead, Token);
        var reader = new StreamReader(await answer.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(Token), Encoding.UTF8);
        (await reader.ReadLineAsync(Token)).ShouldBe(": connected");
        return reader;
    }

    private static async Task<(string Name, JsonElement Data)> NextAsync(StreamReader reader)
    {
        var name = "";
        while (await reader.ReadLineAsync(Token) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                name = line["event: ".Length..];
            }

            if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return (name, JsonElement.Parse(line["data: ".Length..]));
            }
        }

        throw new EndOfStreamException("The stream ended.");
    }
}
