using System.Text.Json;
using DockMon.Protocol;
using Shouldly;
using Xunit;

namespace DockMon.Cli.Tests.Commands;

public sealed class CommandTests : CliScene
{
    [Fact]
    public async Task Hosts_are_listed_with_their_state()
    {
        var (exitCode, text, _) = await RunAsync("hosts");
        exitCode.ShouldBe(ExitCodes.Success);
        text.ShouldContain("nas");
        text.ShouldContain("connected");
        JsonElement.Parse((await RunAsync("hosts", "--json")).Out)[0].GetProperty("hostname").GetString().ShouldBe("nas");
    }

    [Fact]
    public async Task Containers_are_listed_as_docker_does_it()
    {
        await ListAsync();
        var (exitCode, text, _) = await RunAsync("ps");
        exitCode.ShouldBe(ExitCodes.Success);
        text.ShouldContain("web");
        text.ShouldContain("Up (healthy)");
        text.ShouldContain("8080→80");
        text.ShouldNotContain("db");
        (await RunAsync("ps", "-a")).Out.ShouldContain("Exited (1)");
        (await RunAsync("ps", "-a", "--host", "elsewhere")).Out.ShouldNotContain("web");
        var json = JsonElement.Parse((await RunAsync("ps", "-a", "-q", "postgres", "--json")).Out);
        json.EnumerateArray().Single().GetProperty("name").GetString().ShouldBe("db");
        var (_, own) = await Hub.AskAsync(HttpMethod.Get, "/api/containers?q=postgres", null, Token);
        json[0].GetRawText().ShouldBe(JsonElement.Parse(own).GetProperty("items")[0].GetRawText());
    }

    [Theory]
    [InlineData("web")]
    [InlineData("nas/web")]
    [InlineData("aaaa11112222")]
    public async Task A_container_is_found_by_name_host_or_id(string name)
    {
        await ListAsync();
        var running = RunAsync("stop", "--timeout", "3", name);
        var payload = await AnswerAsync("\"success\":true");
        payload.GetProperty("action").GetString().ShouldBe(OperationActions.Stop);
        payload.GetProperty("container_id").GetString().ShouldBe("aaaa111122223333");
        payload.GetProperty("timeout").GetInt32().ShouldBe(3);
        (await running).ShouldBe((ExitCodes.Success, name + Environment.NewLine, ""));
    }

    [Fact]
    public async Task Nothing_is_done_when_one_of_the_containers_is_not_found()
    {
        await ListAsync();
        var (exitCode, text, error) = await RunAsync("rm", "-f", "web", "nothing");
        exitCode.ShouldBe(ExitCodes.NotFound);
        text.ShouldBe("");
        error.ShouldContain("no container nothing");
    }

    [Fact]
    public async Task A_name_that_several_containers_have_is_refused_with_all_of_them()
    {
        await ListAsync("""[{"Id":"aaaa1","Names":["/web"]},{"Id":"bbbb1","Names":["/web"]}]""");
        var (exitCode, _, error) = await RunAsync("start", "web");
        exitCode.ShouldBe(ExitCodes.Usage);
        error.ShouldContain("nas/web (aaaa1), nas/web (bbbb1)");
    }

    [Fact]
    public async Task An_error_of_the_agent_is_told_and_the_others_are_done_all_the_same()
    {
        await ListAsync();
        var running = RunAsync("start", "web", "db");
        await AnswerAsync("\"success\":false,\"error\":\"no\\u001b[31m such thing\"");
        await AnswerAsync("\"success\":true");
        var (exitCode, text, error) = await running;
        exitCode.ShouldBe(ExitCodes.Failed);
        text.Trim().ShouldBe("db");
        error.ShouldContain("web: no\\u001b[31m such thing");
    }

    [Fact]
    public async Task A_token_comes_with_the_lines_that_use_it()
    {
        var (_, text, _) = await RunAsync("tokens", "create", "--uses", "3");
        var token = text.Split('\n')[0].Trim();
        token.Length.ShouldBe(32);
        text.ShouldContain("3 hosts");
        text.ShouldContain($"-e REGISTRATION_TOKEN={token}");
        text.ShouldContain("-e DOCKMON_URL=ws://127.0.0.1");
        text.ShouldContain("install.sh --url ws://127.0.0.1");
        (await RunAsync("tokens", "ls")).Out.ShouldContain("0 of 3");
        var id = JsonElement.Parse((await RunAsync("tokens", "ls", "--json")).Out).EnumerateArray()
            .Single(one => one.GetProperty("max_uses").GetInt32() == 3).GetProperty("id").GetString()!;
        (await RunAsync("tokens", "rm", id)).ExitCode.ShouldBe(ExitCodes.Success);
        (await RunAsync("tokens", "rm", id)).ExitCode.ShouldBe(ExitCodes.NotFound);
    }

    [Fact]
    public async Task A_login_is_stored_when_it_is_right()
    {
        var hub = Variables["DOCKMON_HUB"];
        Variables.Remove("DOCKMON_HUB");
        Variables.Remove("DOCKMON_TOKEN");
        (await RunAsync("hosts")).ExitCode.ShouldBe(ExitCodes.NoHub);
        (await TypeAsync("wrong\n", "login", hub)).ExitCode.ShouldBe(ExitCodes.NoHub);
        (await RunAsync("hosts")).ExitCode.ShouldBe(ExitCodes.NoHub);
        (await TypeAsync(DockMon.Hub.Tests.HubFixture.AdminKey + "\n", "login", hub)).ExitCode.ShouldBe(ExitCodes.Success);
        (await RunAsync("hosts")).Out.ShouldContain("nas");
    }

    [Theory]
    [InlineData(ExitCodes.Usage)]
    [InlineData(ExitCodes.Success, "help")]
    [InlineData(ExitCodes.Success, "version")]
    [InlineData(ExitCodes.Success, "ps", "--help")]
    [InlineData(ExitCodes.Usage, "dance")]
    [InlineData(ExitCodes.Usage, "ps", "--hots", "x")]
    [InlineData(ExitCodes.Usage, "tokens", "create", "--uses", "0")]
    [InlineData(ExitCodes.Usage, "hosts", "--hub", "ftp://x")]
    [InlineData(ExitCodes.NoHub, "hosts", "--hub", "http://127.0.0.1:1")]
    public async Task The_exit_code_says_what_kind_of_end_it_was(int exitCode, params string[] args) =>
        (await RunAsync(args)).ExitCode.ShouldBe(exitCode);

    [Fact]
    public async Task A_wrong_token_says_what_to_do()
    {
        Variables["DOCKMON_TOKEN"] = "wrong";
        var (exitCode, _, error) = await RunAsync("hosts");
        exitCode.ShouldBe(ExitCodes.NoHub);
        error.ShouldContain("dockmon login");
    }

    [Fact]
    public async Task Logs_are_shown_with_the_name_of_the_container_when_there_are_several()
    {
        await ListAsync();
        var running = RunAsync("logs", "-n", "5", "web", "nas/db");
        await AnswerAsync("\"success\":true,\"logs\":\"t1 hello\\u001b[31m\\n\"");
        (await AnswerAsync("\"success\":true,\"logs\":\"t1 hello\\u001b[31m\\n\"")).GetProperty("tail").GetInt32().ShouldBe(5);
        var (exitCode, text, _) = await running;
        exitCode.ShouldBe(ExitCodes.Success);
        text.ShouldContain("nas/web | hello\\u001b[31m");
        text.ShouldContain("nas/db | hello");
    }

    [Fact]
    public async Task A_log_that_cannot_be_read_fails()
    {
        await ListAsync();
        var running = RunAsync("logs", "web");
        await AnswerAsync("\"success\":false,\"error\":\"no such container\"");
        var (exitCode, _, error) = await running;
        exitCode.ShouldBe(ExitCodes.Failed);
        error.ShouldContain("no such container");
        running = RunAsync("logs", "--json", "web");
        await AnswerAsync("\"success\":false,\"error\":\"no such container\"");
        (await running).ExitCode.ShouldBe(ExitCodes.Failed);
    }

    [Fact]
    public async Task Events_of_a_host_that_is_not_there_are_not_waited_for() =>
        (await RunAsync("events", "--host", "elsewhere")).ExitCode.ShouldBe(ExitCodes.NotFound);

    [Fact]
    public async Task An_update_that_is_refused_does_not_keep_the_next_from_beginning()
    {
        await ListAsync();
        var running = RunAsync("update", "web", "db");
        var first = await Agent.ReadFrameAsync(Token);
        await Agent.SendAsync($$"""{"type":"response","id":"{{first.GetProperty("id").GetString()}}","error":"not allowed"}""", Token);
        await Agent.AnswerAsync(await Agent.ReadFrameAsync(Token), """{"status":"update_started"}""", Token);
        var (exitCode, text, error) = await running;
        exitCode.ShouldBe(ExitCodes.Failed);
        text.Trim().ShouldNotBeEmpty();
        error.ShouldContain("web: ");
    }

    [Fact]
    public async Task An_update_is_watched_to_its_end()
    {
        await ListAsync();
        var running = RunAsync("update", "--watch", "web");
        var request = await Agent.ReadFrameAsync(Token);
        request.GetProperty("payload").GetProperty("new_image").GetString().ShouldBe("nginx:1");
        await Agent.AnswerAsync(request, """{"status":"update_started"}""", Token);
        await Agent.SendEventAsync(
            EventNames.UpdateProgress, """{"container_id":"aaaa111122223333","stage":"failed","message":"It failed","error":"unhealthy"}""", Token);
        var (exitCode, _, error) = await running;
        exitCode.ShouldBe(ExitCodes.Failed);
        error.ShouldContain("web: unhealthy");
    }

    [Fact]
    public async Task A_stack_is_deployed_from_its_file()
    {
        Home.Write("shop/compose.yaml", "services: {}");
        var running = RunAsync("stacks", "up", Path.Combine(Home.Path, "shop/compose.yaml"));
        var request = await Agent.ReadFrameAsync(Token);
        var payload = request.GetProperty("payload");
        payload.GetProperty("project_name").GetString().ShouldBe("shop");
        await Agent.AnswerAsync(request, """{"status":"deployment_started"}""", Token);
        await Agent.SendEventAsync(
            EventNames.DeployComplete,
            $$$"""{"deployment_id":"{{{payload.GetProperty("deployment_id").GetString()}}}","action":"up","success":true,"services":{}}""",
            Token);
        (await running).ExitCode.ShouldBe(ExitCodes.Success);
        (await RunAsync("stacks", "ls")).Out.ShouldContain("shop");
        (await RunAsync("stacks", "down", "other")).ExitCode.ShouldBe(ExitCodes.NotFound);
    }

    /// <summary>Answers the next operation, and returns what was asked for.</summary>
    private async Task<JsonElement> AnswerAsync(string fields)
    {
        var request = await Agent.ReadFrameAsync(Token);
        await Agent.AnswerOperationAsync(request, fields, Token);
        return request.GetProperty("payload");
    }
}
