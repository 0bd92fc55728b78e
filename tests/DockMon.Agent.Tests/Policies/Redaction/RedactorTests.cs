using System.Text;
using DockMon.Agent.Policies.Redaction;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies.Redaction;

public sealed class RedactorTests
{
    private const string Mark = Redactor.Mark;

    private static readonly Redactor Passwords = new("*PASSWORD*", "API_KEY");

    [Theory]
    [InlineData("DB_PASSWORD", true)]
    [InlineData("db.password", true)]
    [InlineData("--password", true)]
    [InlineData("api_key", true)]
    [InlineData("OTHER_API_KEY", false)]
    [InlineData("PASS", false)]
    [InlineData("Section:Api_Key", true)]
    public void A_name_is_secret_whatever_its_letters(string name, bool secret) => Passwords.IsSecret(name).ShouldBe(secret);

    [Theory]
    [InlineData("run --password=x --name web", "run --password=@ --name web")]
    [InlineData("run --password x -v", "run --password @ -v")]
    [InlineData("run --password -v x", "run --password -v x")]
    [InlineData("run --password --name web", "run --password --name web")]
    [InlineData("run --password --dry-run=a b --password x", "run --password --dry-run=a b --password @")]
    [InlineData("run --password -x7 --password --Ab --password -xy", "run --password @ --password @ --password @")]
    [InlineData("run -v --password -1 --ds[0].password y", "run -v --password @ --ds[0].password @")]
    [InlineData("ds[0].password=x 1PASSWORD=x ÄPASSWORD=x S:Password=x", "ds[0].password=@ 1PASSWORD=@ ÄPASSWORD=@ S:Password=@")]
    [InlineData("run ${DB_PASSWORD:-x ${A:-y} z} ${A:-${PASSWORD-x}} ${PASSWORD}", "run ${DB_PASSWORD:-@} ${A:-${PASSWORD-@}} ${PASSWORD}")]
    [InlineData("${DB_PASSWORD:-does not end", "${DB_PASSWORD:-@")]
    [InlineData("sh -c 'export DB_PASSWORD=\"a b\" A=1; run'", "sh -c 'export DB_PASSWORD=@ A=1; run'")]
    [InlineData("JAVA_OPTS=-Xmx1g,-Ddb.password=x", "JAVA_OPTS=-Xmx1g,-Ddb.password=@")]
    [InlineData("DB_PASSWORD='a b'c d", "DB_PASSWORD=@ d")]
    [InlineData("DB_PASSWORD=\"does not end d", "DB_PASSWORD=@")]
    [InlineData("the password is x", "the password is x")]
    [InlineData("A==B= C", "A==B= C")]
    [InlineData("addr=1,password=x,vers=3", "addr=1,password=@")]
    public void Values_are_found_by_their_names_in_a_text(string text, string expected) =>
        Passwords.Text(text).ShouldBe(expected.Replace("@", Mark, StringComparison.Ordinal));

    [Theory]
    [InlineData("DB_PASSWORD=a b\nc", null, "DB_PASSWORD=@")]
    [InlineData("--password=a b", null, "--password=@")]
    [InlineData("DB_PASSWORD=", null, "DB_PASSWORD=")]
    [InlineData("x y", "--password", "@")]
    [InlineData("-v", "--password", "-v")]
    [InlineData("--name", "--password", "--name")]
    [InlineData("--password=x", "--password", "--password=@")]
    [InlineData("-v7", "--password", "@")]
    [InlineData("--v x", "--password", "@")]
    [InlineData("-v", "--password=x", "-v")]
    [InlineData("a[0].password=x y", null, "a[0].password=@")]
    [InlineData("Section:Password=a b", null, "Section:Password=@")]
    [InlineData("export A=1 PASSWORD=x; run", null, "export A=1 PASSWORD=@ run")]
    [InlineData("${PASSWORD:-a=b}", null, "${PASSWORD:-@}")]
    [InlineData("x", "--name", "x")]
    [InlineData("A=DB_PASSWORD=x", null, "A=DB_PASSWORD=@")]
    public void In_a_list_all_that_follows_a_name_is_its_value(string item, string? before, string expected) =>
        Passwords.Item(item, before).ShouldBe(expected.Replace("@", Mark, StringComparison.Ordinal));

    [Theory]
    [InlineData("spring.ds[0].password=a b")]
    [InlineData("1PASSWORD=a b")]
    [InlineData("ÄPASSWORD=a b")]
    [InlineData("Section:Api_Key=a b")]
    [InlineData("my PASSWORD or \"so\"=a b")]
    [InlineData("PASSWORD=-a=b")]
    public void Of_a_variable_all_before_the_first_sign_of_equality_is_the_name(string item) =>
        Passwords.Variable(item).ShouldBe(item[..(item.IndexOf('=', StringComparison.Ordinal) + 1)] + Mark);

    [Fact]
    public void Without_names_nothing_is_replaced() => (Redactor.None.Text("PASSWORD=x"), Redactor.None.IsActive).ShouldBe(("PASSWORD=x", false));

    [Fact]
    public void Of_the_engines_JSON_only_the_texts_with_a_secret_change()
    {
        const string Json = """
            { "Id":"x", "Size" : 1.50, "Name" : "\u0041",
              "Args":["--password","x","--name","web"],  "Path":"run",
              "Config": {"Env":["A=1","a PASSWORD/=x","DB_PASSWORD=a \"b\"","NOTE=\u00e4 password=x"],
                "Labels" : {"db.password":"x","a":"b","password.empty":""},
                "Cmd":["sh","-c","API_KEY=x run"], "Password":"no map of names", "Env2":[ "\ud800" ] },
              "HostConfig":{"LogConfig":{"Type":"splunk","Config":{"splunk-password":"x","tag":"t"}}},
              "State":{"Health":null,"Running":true} }
            """;
        const string Expected = """
            { "Id":"x", "Size" : 1.50, "Name" : "\u0041",
              "Args":["--password","@","--name","web"],  "Path":"run",
              "Config": {"Env":["A=1","a PASSWORD/=@","DB_PASSWORD=@","NOTE=ä password=@"],
                "Labels" : {"db.password":"@","a":"b","password.empty":""},
                "Cmd":["sh","-c","API_KEY=@"], "Password":"no map of names", "Env2":[ "@" ] },
              "HostConfig":{"LogConfig":{"Type":"splunk","Config":{"splunk-password":"@","tag":"t"}}},
              "State":{"Health":null,"Running":true} }
            """;
        Redact(Json, Passwords).ShouldBe(Expected.Replace("@", Mark, StringComparison.Ordinal));
        Redact(Json, Redactor.None).ShouldBe(Json);
        Redact(Json.Replace("\"\\ud800\"", "", StringComparison.Ordinal), new Redactor("NOTHING")).ShouldBe(
            Json.Replace("\"\\ud800\"", "", StringComparison.Ordinal));
    }

    private static string Redact(string json, Redactor redactor) => Encoding.UTF8.GetString(RedactedJson.Of(Encoding.UTF8.GetBytes(json), redactor).Span);
}
