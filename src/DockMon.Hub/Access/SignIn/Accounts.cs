using System.Security.Cryptography;
using DockMon.Hub.Access.Audit;

namespace DockMon.Hub.Access.SignIn;

/// <summary>Why a sign-in, or something that takes the password again, was refused.</summary>
internal enum Refusal
{
    None,

    /// <summary>Name, password or code are wrong.</summary>
    Wrong,

    /// <summary>The password is right, and a code of the authenticator app is missing.</summary>
    CodeMissing,

    /// <summary>Too many wrong tries.</summary>
    TooSoon,
}

/// <summary>The result of a check.</summary>
internal readonly record struct Checked(Refusal Refusal, User? User = null, TimeSpan Wait = default);

/// <summary>Passwords and codes of users, with delays for who guesses.</summary>
internal sealed class Accounts(Users users, Passwords passwords, Attempts attempts, AuditLog audit)
{
    private const string SignIn = "sign in";

    /// <summary>Checks what a user signs in with.</summary>
    /// <exception cref="BusyException">Too many sign in at the same time.</exception>
    public async Task<Checked> SignInAsync(HttpContext context, SignInRequest request)
    {
        var ct = context.RequestAborted;
        var name = Users.Normalize(request.Name) ?? "";
        var result = await CheckAsync(context, name, request.Password, request.Code, ct);
        if (result is { Refusal: Refusal.Wrong, User: { } known })
        {
            await audit.WriteAsync("user " + known.Name, ClientAddress.Text(context), SignIn, "refused: wrong password or code", ct);
        }
        else if (result.Refusal == Refusal.None)
        {
            await audit.WriteAsync("user " + name, ClientAddress.Text(context), SignIn, "ok", ct);
        }

        return result;
    }

    /// <summary>Checks the password of who is signed in already.</summary>
    /// <exception cref="BusyException">Too many sign in at the same time.</exception>
    public async Task<Checked> ConfirmAsync(HttpContext context, User user, string? password)
    {
        // The code was checked when the session began.
        return await CheckAsync(context, user.Name, password, null, context.RequestAborted, codeNeeded: false);
    }

    public async Task<string> HashAsync(string password, CancellationToken ct) => await passwords.HashAsync(password, ct);

    /// <summary>A secret for an authenticator app.</summary>
    public static byte[] NewSecret() => RandomNumberGenerator.GetBytes(Totp.SecretBytes);

    private async Task<Checked> CheckAsync(HttpContext context, string name, string? password, string? code, CancellationToken ct, bool codeNeeded = true)
    {
        var (address, account) = (Attempts.Address(context), Attempts.Account(name));
        var wait = attempts.Begin(address) is { Ticks: > 0 } ofAddress ? ofAddress : name.Length == 0 ? TimeSpan.Zero : attempts.Begin(account);
        if (wait > TimeSpan.Zero)
        {
            attempts.Tell(address, "password, not looked at");
            return new Checked(Refusal.TooSoon, Wait: wait);
        }

        var user = name.Length == 0 ? null : await users.FindAsync(name, ct);
        if (!await passwords.MatchesAsync(password ?? "", user?.Password, ct) || user is null)
        {
            attempts.Tell(address, "password");
            return new Checked(Refusal.Wrong, user);
        }

        if (codeNeeded && user.Totp is not null)
        {
            if (string.IsNullOrWhiteSpace(code))
            {
                return new Checked(Refusal.CodeMissing, user);
            }

            if (!await users.UseCodeAsync(user, code, ct))
            {
                attempts.Tell(address, "code");
                return new Checked(Refusal.Wrong, user);
            }
        }

        attempts.Right(address);
        attempts.Right(account);
        return new Checked(Refusal.None, user);
    }
}
