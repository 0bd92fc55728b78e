using DockMon.Hub.Access;
using DockMon.Hub.Api;
using DockMon.Hub.Tests.Storage;
using DockMon.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Api;

public sealed class AdminKeyTests : IDisposable
{
    private const string Given = "a-key-that-was-given";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_key_is_made_at_the_first_start_shown_once_and_good_from_then_on()
    {
        var (first, shown) = await StartAsync();
        var key = shown.Trim().Split(' ')[^1];
        key.Length.ShouldBe(32);
        first.Matches(key).ShouldBeTrue();

        var (second, again) = await StartAsync();
        again.ShouldBe("");
        second.Matches(key).ShouldBeTrue();
        second.Matches("another-key-of-some-length").ShouldBeFalse();
    }

    [Fact]
    public async Task A_key_that_is_given_replaces_the_one_that_was_made_and_is_never_shown()
    {
        var made = (await StartAsync()).Shown.Trim().Split(' ')[^1];
        var (key, shown) = await StartAsync(Given);
        shown.ShouldBe("");
        key.Matches(Given).ShouldBeTrue();
        key.Matches(made).ShouldBeFalse();

        var (later, _) = await StartAsync();
        later.Matches(Given).ShouldBeTrue("it is kept for a start without it");
    }

    [Fact]
    public async Task Neither_a_key_that_was_made_nor_one_that_was_given_lies_in_the_files()
    {
        var made = (await StartAsync()).Shown.Trim().Split(' ')[^1];
        await StartAsync(Given);
        SqliteConnection.ClearAllPools();
        foreach (var file in Directory.GetFiles(_folder.Path))
        {
            var text = System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(file));
            text.Contains(made, StringComparison.Ordinal).ShouldBeFalse(file);
            text.Contains(Given, StringComparison.Ordinal).ShouldBeFalse(file);
        }
    }

    [Theory]
    [InlineData("Authorization", "Bearer " + Given, true)]
    [InlineData("Authorization", "bearer " + Given, true)]
    [InlineData("X-Api-Key", Given, true)]
    [InlineData("Authorization", Given, false)]
    [InlineData("Authorization", "Bearer", false)]
    [InlineData("Authorization", "Bearer ", false)]
    [InlineData("X-Api-Key", "Bearer " + Given, false)]
    [InlineData("X-Api-Key", "A-KEY-THAT-WAS-GIVEN", false)]
    public async Task The_key_is_taken_from_either_header(string header, string value, bool admitted)
    {
        var (key, _) = await StartAsync(Given);
        var context = new DefaultHttpContext();
        context.Request.Headers[header] = value;
        key.Matches(Credential.Of(context).Key ?? "").ShouldBe(admitted);
    }

    private async Task<(AdminKey Key, string Shown)> StartAsync(string? given = null)
    {
        using var output = new StringWriter();
        var key = new AdminKey(await TestDatabase.OpenAsync(_folder.Path, Token), new HubOptions { AdminKey = given, Output = output });
        await key.EnsureExistsAsync(Token);
        return (key, output.ToString());
    }
}
