using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Streams.HealthChecks;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.HealthChecks;

public sealed class HealthCheckReaderTests
{
    [Fact]
    public void Null_fields_have_defaults()
    {
        var check = Read("""
            {"container_id":"c","host_id":null,"enabled":null,"url":"http://127.0.0.1/","method":null,"expected_status_codes":null,"timeout_seconds":null,
             "check_interval_seconds":null,"follow_redirects":null,"verify_ssl":null,"headers_json":null,"auth_config_json":null}
            """);
        check.Enabled.ShouldBeTrue();
        check.Interval.ShouldBe(TimeSpan.FromSeconds(30));
        var request = check.Request.ShouldNotBeNull();
        request.Method.ShouldBe(HttpMethod.Get);
        request.Expected.Includes(200).ShouldBeTrue();
        request.Timeout.ShouldBe(TimeSpan.FromSeconds(10));
        request.FollowRedirects.ShouldBeTrue();
        request.VerifyTls.ShouldBeTrue();
        request.Headers.ShouldBeEmpty();
        request.Authorization.ShouldBeNull();
    }

    [Theory]
    [InlineData("\"url\":null", "url is not a URL")]
    [InlineData("\"url\":\"\"", "url is not a URL")]
    [InlineData("\"url\":\"/health\"", "url is not a URL")]
    [InlineData("\"url\":\"file:///etc/passwd\"", "url is not a URL")]
    [InlineData("\"url\":\"http://s3cret@:80:80/\"", "url is not a URL")]
    [InlineData("\"url\":17", "$.url")]
    [InlineData("\"method\":\"CONNECT\"", "method is not one of GET")]
    [InlineData("\"method\":\"GE T\"", "method is not one of GET")]
    [InlineData("\"expected_status_codes\":\"fine\"", "expected_status_codes: \"fine\"")]
    [InlineData("\"timeout_seconds\":0", "timeout_seconds is not between")]
    [InlineData("\"timeout_seconds\":-1", "timeout_seconds is not between")]
    [InlineData("\"timeout_seconds\":1e300", "timeout_seconds is not between")]
    [InlineData("\"check_interval_seconds\":0", "check_interval_seconds is not between")]
    [InlineData("\"check_interval_seconds\":\"soon\"", "$.check_interval_seconds")]
    [InlineData("\"headers_json\":\"{s3cret\"", "headers_json is not JSON")]
    [InlineData("\"headers_json\":\"{\\\"X-A\\\":\\\"\\\\ud800\\\"}\"", "headers_json is not JSON")]
    [InlineData("\"headers_json\":\"[1]\"", "headers_json is not a JSON object")]
    [InlineData("\"headers_json\":\"{\\\"X-A\\\":\\\"s3cret\\\\r\\\\nX-B: 1\\\"}\"", "headers_json has a header that HTTP does not allow")]
    [InlineData("\"headers_json\":\"{\\\"X A\\\":\\\"1\\\"}\"", "headers_json has a header that HTTP does not allow")]
    [InlineData("\"auth_config_json\":\"s3cret\"", "auth_config_json is not JSON")]
    [InlineData("\"auth_config_json\":\"{\\\"type\\\":\\\"digest\\\",\\\"password\\\":\\\"s3cret\\\"}\"", "auth_config_json is of no known type")]
    [InlineData("\"auth_config_json\":\"{\\\"type\\\":\\\"bearer\\\"}\"", "auth_config_json has no token")]
    public void What_is_wrong_is_said_by_name_and_without_secrets(string field, string words)
    {
        var check = Read("{\"container_id\":\"c\",\"host_id\":\"h\","
            + (field.StartsWith("\"url\"", StringComparison.Ordinal) ? "" : "\"url\":\"http://127.0.0.1/\",")
            + field
            + "}");
        check.Request.ShouldBeNull();
        check.Error.ShouldNotBeNull().ShouldContain(words);
        check.Error.ShouldNotContain("s3cret");
        check.Config.ContainerId.ShouldBe("c");
        check.Config.HostId.ShouldBe("h");
    }

    [Fact]
    public void A_wrong_one_leaves_the_others_alone()
    {
        var leftOut = new List<string>();
        var checks = HealthCheckReader.ReadAll(
            JsonElement.Parse("""{"configs":[{"container_id":"a","url":"http://127.0.0.1"},7,null,{"url":"http://127.0.0.1"},"""
                + """{"container_id":"b","url":{}},{"container_id":"c","url":"http://127.0.0.1"}]}"""),
            leftOut.Add);
        checks.Select(check => (check.Config.ContainerId, check.Error is null)).ShouldBe([("a", true), ("b", false), ("c", true)]);
        leftOut.Count.ShouldBe(3);
    }

    [Fact]
    public void One_with_half_a_character_in_a_name_leaves_the_others_alone()
    {
        var leftOut = new List<string>();
        var checks = HealthCheckReader.ReadAll(
            JsonElement.Parse("""{"configs":[{"co\ud800ntainer_id":"a","url":"http://127.0.0.1"},{"container_id":"c","url":"http://127.0.0.1"}]}"""),
            leftOut.Add);
        checks.Select(check => (check.Config.ContainerId, check.Error is null)).ShouldBe([("c", true)]);
        leftOut.ShouldBe(["container_id is missing"]);
    }

    [Fact]
    public void A_list_that_cannot_be_looked_for_is_no_empty_list() =>
        Should.Throw<CommandException>(() => HealthCheckReader.ReadAll(JsonElement.Parse("""{"con\ud800figs":[]}"""), _ => { })).Message
            .ShouldBe("invalid payload: it has half of a surrogate pair in a name");

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"configs":null}""")]
    [InlineData("""{"configs":[]}""")]
    public void An_empty_list_is_a_list(string payload) => HealthCheckReader.ReadAll(JsonElement.Parse(payload), _ => { }).ShouldBeEmpty();

    [Fact]
    public void What_is_no_list_is_refused() =>
        Should.Throw<CommandException>(() => HealthCheckReader.ReadAll(JsonElement.Parse("""{"configs":{}}"""), _ => { })).Message
            .ShouldBe("configs is not a list");

    private static HealthCheck Read(string json) => HealthCheckReader.Read(JsonElement.Parse(json));
}
