using DockMon.Hub.Access.SignIn;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Access.SignIn;

public sealed class PasswordTests : IDisposable
{
    private readonly Passwords _passwords = new(new HubOptions { PasswordRounds = 10 });

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _passwords.Dispose();

    [Fact]
    public async Task A_hash_is_for_one_password_and_different_each_time()
    {
        var hash = await _passwords.HashAsync(HubUser.Password, Token);
        (await _passwords.MatchesAsync(HubUser.Password, hash, Token)).ShouldBeTrue();
        (await _passwords.MatchesAsync(HubUser.Password + "!", hash, Token)).ShouldBeFalse();
        (await _passwords.HashAsync(HubUser.Password, Token)).ShouldNotBe(hash);
    }

    [Fact]
    public async Task Who_has_no_password_has_no_empty_one_either() => (await _passwords.MatchesAsync("", null, Token)).ShouldBeFalse();

    [Fact]
    public async Task A_hash_of_other_rounds_still_counts()
    {
        using var more = new Passwords(new HubOptions { PasswordRounds = 20 });
        (await more.MatchesAsync(HubUser.Password, await _passwords.HashAsync(HubUser.Password, Token), Token)).ShouldBeTrue();
        new HubOptions().PasswordRounds.ShouldBe(600_000);
    }

    [Fact]
    public async Task More_than_can_wait_are_refused_at_once()
    {
        using var slow = new Passwords(new HubOptions { PasswordRounds = 100_000 });
        var hashes = Enumerable.Range(0, 40).Select(_ => slow.HashAsync(HubUser.Password, Token)).ToList();
        hashes.Count(hash => hash.Exception?.InnerException is BusyException).ShouldBeGreaterThan(0);
        foreach (var hash in hashes.Where(hash => !hash.IsFaulted))
        {
            await hash;
        }
    }

    [Theory]
    [InlineData("short", "anna", "at least 12")]
    [InlineData(null, "anna", "at least 12")]
    [InlineData("aaaaaaaaaaaa", "eve", "different")]
    [InlineData("barbara-cee1", "barbara-cee", "name")]
    [InlineData(HubUser.Password, "anna", null)]
    [InlineData("barbara rides a horse", "barbara", null)]
    public void A_new_password_is_long_and_not_the_name(string? password, string user, string? complaint)
    {
        var said = Passwords.Complaint(password, user);
        (complaint is null ? said is null : said!.Contains(complaint, StringComparison.Ordinal)).ShouldBeTrue(said);
    }
}
