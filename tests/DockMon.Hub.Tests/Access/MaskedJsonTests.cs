using System.Net;
using System.Text;
using System.Text.Json;
using DockMon.Hub.Access;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Access;

public sealed class MaskedJsonTests : HubTests
{
    [Theory]
    [InlineData("""{"Config":{"Env":["DB_PASSWORD=x y","PATH=/bin"]}}""", """{"Config":{"Env":["DB_PASSWORD=(hidden)","PATH=/bin"]}}""")]
    [InlineData("""[{"Env":{"API_TOKEN":"x","HOME":"/root"}}]""", """[{"Env":{"API_TOKEN":"(hidden)","HOME":"/root"}}]""")]
    [InlineData("""{"Env":["aws_secret_access_key=a=b","KEY","TOKEN="]}""", """{"Env":["aws_secret_access_key=(hidden)","KEY","TOKEN="]}""")]
    [InlineData("""{"Env":["URL=postgres://u:p@ss@db:5432/x"]}""", """{"Env":["URL=postgres://u:(hidden)@db:5432/x"]}""")]
    [InlineData("""{"Cmd":["run","redis://:secret@cache"]}""", """{"Cmd":["run","redis://:(hidden)@cache"]}""")]
    [InlineData("""{"\u0045nv":["MY_KEY=\u0022"]}""", """{"\u0045nv":["MY_KEY=(hidden)"]}""")]
    [InlineData("""{"Url":"http:\/\/u:p@h"}""", """{"Url":"http://u:(hidden)@h"}""")]
    [InlineData(
        """{ "PASSWORD": "not of a variable", "n": 1.50, "u": "http://host:80/a@b" }""",
        """{ "PASSWORD": "not of a variable", "n": 1.50, "u": "http://host:80/a@b" }""")]
    [InlineData("""{"Env":["A_KEY=\ud800"],"B":"\ud800"}""", """{"Env":["(hidden)"],"B":"\ud800"}""")]
    public void Secrets_are_masked_and_every_other_byte_stays(string json, string masked) =>
        Encoding.UTF8.GetString(MaskedJson.Of(Encoding.UTF8.GetBytes(json)).Span).ShouldBe(masked);

    [Theory]
    [InlineData("viewer", "", "(hidden)")]
    [InlineData("operator", "", "(hidden)")]
    [InlineData("operator", "?reveal=true", "hunter2")]
    public async Task An_operator_who_asks_sees_secrets_and_the_audit_says_so(string role, string query, string seen)
    {
        using var program = await HubUser.WithTokenAsync(Hub, role, Token);
        var asking = program.GetAsync($"{HostPath}/containers/c1{query}", Token);
        await Agent.AnswerOperationAsync(
            await Agent.ReadFrameAsync(Token),
            "\"success\":true,\"container\":{\"Config\":{\"Env\":[\"PASSWORD=hunter2\"]}}",
            Token);
        var (status, body) = await asking;
        status.ShouldBe(HttpStatusCode.OK);
        body.ShouldContain($"PASSWORD={seen}");
        var entries = JsonElement.Parse((await Hub.AskAsync(HttpMethod.Get, "/api/audit", null, Token)).Body).EnumerateArray();
        entries.Count(entry => entry.GetProperty("who").GetString() == "token program" && entry.GetProperty("detail").GetString() == "cid=c1 reveal=true")
            .ShouldBe(query.Length == 0 ? 0 : 1);
    }

    [Fact]
    public async Task A_viewer_who_asks_for_secrets_is_refused()
    {
        using var program = await HubUser.WithTokenAsync(Hub, "viewer", Token);
        (await program.GetAsync($"{HostPath}/containers/c1?reveal=true", Token)).Status.ShouldBe(HttpStatusCode.Forbidden);
    }
}
