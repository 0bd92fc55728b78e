using DockMon.Agent.Policies.Redaction;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies.Redaction;

public sealed class RedactedFileTests
{
    private const string Mark = Redactor.Mark;

    private static readonly Redactor Passwords = new("*PASSWORD*", "*SECRET*", "*TOKEN*");

    [Fact]
    public void A_file_of_variables_keeps_everything_but_the_values()
    {
        const string Text = "A=1\r\n# DB_PASSWORD=old\n#plain\n\n export DB_PASSWORD = \"a\nb=c\" # note\nTOKEN: x y\nPASSWORD_EMPTY=\nONLY_NAME\n"
            + "GREETING=it's # the token: x\nOPTS=-Dpassword=x\nLAST_SECRET='1'";
        const string Expected = "A=1\r\n# @\n#plain\n\n export DB_PASSWORD = @\nTOKEN: @\nPASSWORD_EMPTY=\nONLY_NAME\n"
            + "GREETING=it's # @\nOPTS=-Dpassword=@\nLAST_SECRET=@";
        RedactedEnvFile.Read(Text, Passwords).ShouldBe(Expected.Replace("@", Mark, StringComparison.Ordinal));
        RedactedEnvFile.Read(Text, Redactor.None).ShouldBe(Text);
    }

    [Theory]
    [InlineData("A:PASSWORD=x y\nTOKEN:x=y z\n", "A:PASSWORD=@\nTOKEN:@\n")]
    [InlineData("A:PASSWORD=\"x\ny\"\nB=1\n", "A:PASSWORD=@\nB=1\n")]
    [InlineData("A=${TOKEN:-x #y}\nB=${TOKEN}\n", "A=${TOKEN:-@}\nB=${TOKEN}\n")]
    [InlineData("A#TOKEN[0]=x y\n# note \\\nB=1\n", "A#TOKEN[0]=@\n# note \\\nB=1\n")]
    public void In_a_file_of_variables_names_and_defaults_are_found(string text, string expected) =>
        RedactedEnvFile.Read(text, Passwords).ShouldBe(expected.Replace("@", Mark, StringComparison.Ordinal));

    [Theory]
    [InlineData("PASSWORD=abc\\\ndef\n")]
    [InlineData("OPTS=--password \\\r\n  x\r\n")]
    [InlineData("KEY=\"-----BEGIN\nDB_PASSWORD=x\n")]
    [InlineData("PASSWORD='abc\n")]
    public void A_file_of_variables_that_does_not_show_where_values_end_is_not_told(string text) => RedactedEnvFile.Read(text, Passwords).ShouldBeNull();

    [Fact]
    public void A_compose_file_keeps_its_layout_and_comments()
    {
        const string Text = """
            # the stack; DB_PASSWORD is hunter1
            name: shop   # plain comment
            x-common: &common
              DB_PASSWORD: "hunter2"   # the token
              LEVEL: debug
            services:
              web:
                image: web:1
                command: ["run", "--password", hunter3, '--token=hunter4', "-v"]
                environment:
                  <<: *common
                  A: 'it''s'
                  FROM_HOST: ${DB_PASSWORD}
                  DB_PASSWORD: ${DB_PASSWORD}
                  PASSWORD_NULL:
                  API_TOKEN: hunter5
                  OTHER_SECRET: *shared
                  CERT_SECRET: |
                    line hunter6
                    line hunter7
                  NUMBER_PASSWORD: 123456789
                secrets: [db_secret]
              db:
                image: db:1
                x-shared: &shared hunter8
                entrypoint: run --password=hunter9 --name db
                environment:
                  - A=1
                  - DB_PASSWORD=hunter10 and more
                  - "MULTI_SECRET=hunter11
                    hunter12"
                labels: {app.token: hunter13, app.name: db}
            secrets:
              db_secret:
                file: ./db
            configs:
              app:
                content: |
                  level=1
                  password=hunter14
                  last=2
            """;
        var redacted = RedactedYaml.Read(Text, Passwords).ShouldNotBeNull();
        redacted.ShouldNotContain("hunter");
        redacted.ShouldNotContain("123456789");
        redacted.ShouldBe("""
            # @
            name: shop   # plain comment
            x-common: &common
              DB_PASSWORD: "@"   # @
              LEVEL: debug
            services:
              web:
                image: web:1
                command: ["run", "--password", "@", "--token=@", "-v"]
                environment:
                  <<: *common
                  A: 'it''s'
                  FROM_HOST: ${DB_PASSWORD}
                  DB_PASSWORD: ${DB_PASSWORD}
                  PASSWORD_NULL:
                  API_TOKEN: "@"
                  OTHER_SECRET: *shared
                  CERT_SECRET: "@"
                  NUMBER_PASSWORD: "@"
                secrets: [db_secret]
              db:
                image: db:1
                x-shared: &shared "@"
                entrypoint: "run --password=@ --name db"
                environment:
                  - A=1
                  - "DB_PASSWORD=@"
                  - "MULTI_SECRET=@"
                labels: {app.token: "@", app.name: db}
            secrets:
              db_secret:
                file: ./db
            configs:
              app:
                content: "level=1\npassword=@\nlast=2"
            """.Replace("@", Mark, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("a: 1\r\nDB_PASSWORD: x\r\nb: 2\r\n", "a: 1\r\nDB_PASSWORD: \"@\"\r\nb: 2\r\n")]
    [InlineData("---\nPASSWORD: 'ä😀'\nlast: ü\n...\n---\nTOKEN: x\n", "---\nPASSWORD: \"@\"\nlast: ü\n...\n---\nTOKEN: \"@\"\n")]
    [InlineData("{PASSWORD: x, a: [TOKEN=y, b]}", "{PASSWORD: \"@\", a: [\"TOKEN=@\", b]}")]
    [InlineData("A:\n  PASSWORD: >-\n    x\n    y\n\n\nB: 1\n", "A:\n  PASSWORD: \"@\"\n\n\nB: 1\n")]
    [InlineData("PASSWORD: [x, {a: y, b: [z]}]\nA: 1", "PASSWORD: [\"@\", {a: \"@\", b: [\"@\"]}]\nA: 1")]
    [InlineData("x-tokens: {a: y}\nservices: {tokens: {image: a}}", "x-tokens: {a: \"@\"}\nservices: {tokens: {image: a}}")]
    [InlineData("a: &a {b: x}\nPASSWORD: [*a]\n", "a: &a {b: \"@\"}\nPASSWORD: [*a]\n")]
    [InlineData("labels: [\"a[0].token=x y\"]", "labels: [\"a[0].token=@\"]")]
    [InlineData("environment: [a TOKEN b=x y, 1PASSWORD=z]", "environment: [\"a TOKEN b=@\", \"1PASSWORD=@\"]")]
    [InlineData("command: [--password, -x1]\nOTHER: ${DB_PASSWORD:-x}", "command: [--password, \"@\"]\nOTHER: \"${DB_PASSWORD:-@}\"")]
    [InlineData("? PASSWORD\n: x\n", "? PASSWORD\n: \"@\"\n")]
    [InlineData("", "")]
    public void Values_are_replaced_wherever_YAML_may_have_them(string text, string expected) =>
        RedactedYaml.Read(text, Passwords).ShouldBe(expected.Replace("@", Mark, StringComparison.Ordinal));

    [Theory]
    [InlineData("a: [")]
    [InlineData("a: | # DB_PASSWORD=x\n  text\n")]
    [InlineData("? [a]\n: b\n")]
    public void What_cannot_be_rewritten_is_not_told(string text) => RedactedYaml.Read(text, Passwords).ShouldBeNull();
}
