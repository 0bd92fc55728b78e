using System.Text;
using DockMon.Agent.Connection;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection;

public sealed class RegistrationAnswerTests
{
    private const int Short = 400;

    private static readonly string Long = new('x', 50_000);

    [Fact]
    public void No_text_of_the_server_is_kept_whole()
    {
        Read($$"""{"type":"auth_success","agent_id":"a","host_id":"{{Long}}","permanent_token":"p"}""").HostId.Length.ShouldBeLessThan(Short);
        Should.Throw<RegistrationRejectedException>(() => Read($$"""{"type":"auth_error","error":"{{Long}}"}""")).Message.Length.ShouldBeLessThan(Short);
        Should.Throw<DialException>(() => Read($$"""{"type":"{{Long}}"}""")).Message.Length.ShouldBeLessThan(Short);
    }

    [Theory]
    [InlineData("null", "\"p\"")]
    [InlineData("\"h\"", "null")]
    public void A_null_where_something_is_needed_is_an_answer_that_is_refused(string host, string token) =>
        Should.Throw<DialException>(() => Read($$"""{"type":"auth_success","agent_id":"a","host_id":{{host}},"permanent_token":{{token}}}"""))
            .Message.ShouldContain("no host_id or no permanent_token");

    private static DockMon.Protocol.AuthSuccess Read(string json) => RegistrationAnswer.Read(Encoding.UTF8.GetBytes(json));
}
