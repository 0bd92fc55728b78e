using DockMon.Hub.Access.SignIn;
using DockMon.Hub.Storage;
using DockMon.Hub.Tests.Storage;
using DockMon.Testing;
using Microsoft.Data.Sqlite;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Access.SignIn;

public sealed class UserVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    [Fact]
    public async Task Who_is_locked_out_gets_a_password_that_is_good()
    {
        await using var database = await TestDatabase.OpenAsync(_folder.Path, Token);
        (await RunAsync(database, "add", "Anna")).Code.ShouldBe(0);
        (await RunAsync(database, "add", "anna")).Code.ShouldBe(1);
        (await RunAsync(database, "add", "bert", "viewer")).Code.ShouldBe(0);
        (await RunAsync(database, "list")).Output.ShouldBe("anna\tadmin\t\nbert\tviewer\t\n");

        var password = (await RunAsync(database, "reset-password", "anna")).Output.Trim().Split(' ')[^1];
        using var passwords = new Passwords(new HubOptions { PasswordRounds = 10 });
        var anna = await new Users(database, TimeProvider.System).FindAsync("anna", Token);
        (await passwords.MatchesAsync(password, anna!.Password, Token)).ShouldBeTrue();
        (await RunAsync(database, "remove", "bert")).Code.ShouldBe(0);
        (await RunAsync(database, "list")).Output.ShouldBe("anna\tadmin\t\n");
    }

    [Theory]
    [InlineData(2, "")]
    [InlineData(2, "add")]
    [InlineData(2, "add anna root")]
    [InlineData(2, "add /etc")]
    [InlineData(1, "reset-password nobody")]
    [InlineData(1, "remove nobody")]
    public async Task What_cannot_be_done_is_explained(int code, string arguments)
    {
        await using var database = await TestDatabase.OpenAsync(_folder.Path, Token);
        var run = await RunAsync(database, arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        (run.Code, run.Output).ShouldBe((code, ""));
        run.Errors.ShouldNotBeEmpty();
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(Database database, params string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await UserVerb.RunAsync(arguments, database, new HubOptions { PasswordRounds = 10 }, output, errors, Token);
        return (code, output.ToString(), errors.ToString());
    }
}
