using System.Text;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection;
using DockMon.Agent.Connection.Dialing;
using DockMon.Agent.Connection.Registration;
using DockMon.Agent.Storage;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection.Registration;

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
    [InlineData("no such token: 0123456789abcdef!")]
    [InlineData("no such token: 0123\\u200b456789ab\\u001bcdef!")]
    public void The_agents_token_in_an_error_is_left_out_of_it(string error) => Should
        .Throw<RegistrationRejectedException>(
            () => RegistrationAnswer.Read(Encoding.UTF8.GetBytes($$"""{"type":"auth_error","error":"{{error}}"}"""), new OwnTokens("0123456789abcdef")))
        .Message.ShouldBe("no such token: …!");

    [Theory]
    [InlineData("null", "\"p\"")]
    [InlineData("\"h\"", "null")]
    public void A_null_where_something_is_needed_is_an_answer_that_is_refused(string host, string token) =>
        Should.Throw<DialException>(() => Read($$"""{"type":"auth_success","agent_id":"a","host_id":{{host}},"permanent_token":{{token}}}"""))
            .Message.ShouldContain("no host_id or no permanent_token");

    [Theory]
    [InlineData("abc.def+ghi/jkl=", true)]
    [InlineData("perm:2_x-y", true)]
    [InlineData("a'b", false)]
    [InlineData("a b", false)]
    public void A_permanent_token_is_accepted_exactly_when_the_next_start_can_read_it(string token, bool accepted)
    {
        using var folder = new TemporaryFolder();
        var store = new TokenStore(folder.Path);
        store.SavePermanentToken(token);
        var given = () => Read($$"""{"type":"auth_success","agent_id":"a","host_id":"h","permanent_token":"{{token}}"}""").PermanentToken;
        if (accepted)
        {
            given().ShouldBe(token);
            store.ReadPermanentToken().ShouldBe(token);
        }
        else
        {
            Should.Throw<DialException>(given).Message.ShouldContain("permanent token that is none");
            Should.Throw<ConfigurationException>(store.ReadPermanentToken);
        }
    }

    private static DockMon.Protocol.AuthSuccess Read(string json) => RegistrationAnswer.Read(Encoding.UTF8.GetBytes(json), new OwnTokens("sent-token"));
}
