using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Access.SignIn;
using DockMon.Hub.Storage;
using DockMon.Hub.Tests.Storage;
using DockMon.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Access.SignIn;

public sealed class UserSessionTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private Database _database = null!;
    private UserSessions _sessions = null!;
    private User _anna = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.OpenAsync(_folder.Path, Token);
        _sessions = new UserSessions(_database, _time);
        _anna = (await new Users(_database, _time).AddAsync("anna", Role.Operator, ["web"], null, asFirst: false, Token))!;
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        SqliteConnection.ClearAllPools();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_session_goes_on_while_it_is_used_and_ends_after_a_month()
    {
        var secret = await BeginAsync();
        for (var day = 0; day < 30; day += 6)
        {
            var caller = (await _sessions.FindAsync(secret, Token)).ShouldNotBeNull($"day {day}");
            (caller.Who, caller.Role, caller.Tags.Single(), caller.UserId).ShouldBe(("user anna", Role.Operator, "web", _anna.Id));
            _time.Advance(TimeSpan.FromDays(6));
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        (await _sessions.FindAsync(secret, Token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_session_that_is_not_used_ends_after_a_week()
    {
        var secret = await BeginAsync();
        _time.Advance(UserSessions.Idle);
        (await _sessions.FindAsync(secret, Token)).ShouldNotBeNull();
        _time.Advance(UserSessions.Idle + TimeSpan.FromSeconds(1));
        (await _sessions.FindAsync(secret, Token)).ShouldBeNull();
        await BeginAsync();
        (await _sessions.ListAsync(_anna.Id, Token)).Count.ShouldBe(1, "those that are over are removed");
    }

    [Fact]
    public async Task More_sessions_than_a_user_may_have_end_the_oldest()
    {
        var first = await BeginAsync();
        for (var i = 0; i < UserSessions.MostOfUser; i++)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            await BeginAsync();
        }

        (await _sessions.ListAsync(_anna.Id, Token)).Count.ShouldBe(UserSessions.MostOfUser);
        (await _sessions.FindAsync(first, Token)).ShouldBeNull();
    }

    private Task<string> BeginAsync() => _sessions.BeginAsync(_anna.Id, "192.0.2.1", "a browser", Token);
}
