using System.Globalization;
using System.Security.Cryptography;

namespace DockMon.Hub.Access.SignIn;

/// <summary>More passwords wait to be checked than will be.</summary>
internal sealed class BusyException() : Exception("too many sign-ins at the same time: try again in a moment");

/// <summary>
/// Hashes of passwords: PBKDF2 with SHA-256. A hash takes a processor for some tenths of a second on purpose, so only some are computed at the same time.
/// </summary>
internal sealed class Passwords(HubOptions options) : IDisposable
{
    public const int Shortest = 12;
    public const int Longest = 256;

    private const int SaltBytes = 16;
    private const int HashBytes = 32;
    private const int MostWaiting = 32;
    private const string Scheme = "pbkdf2-sha256";

    // What a user without a password is compared with, so that an unknown name takes as long as a wrong password.
    private readonly string _nobody =
        $"{Scheme}${options.PasswordRounds}${Convert.ToBase64String(new byte[SaltBytes])}${Convert.ToBase64String(new byte[HashBytes])}";
    private readonly SemaphoreSlim _places = new(Math.Max(1, Environment.ProcessorCount / 2));
    private int _waiting;

    /// <summary>What is wrong with a new password; null if nothing is.</summary>
    public static string? Complaint(string? password, string user) =>
        password is null || password.Length < Shortest ? $"the password must have at least {Shortest} characters"
        : password.Length > Longest ? $"the password must have at most {Longest} characters"
        : password.Distinct().Count() < 5 ? "the password must have at least five different characters"
        : password.Contains(user, StringComparison.OrdinalIgnoreCase) && password.Length - user.Length < Shortest / 2
            ? "the password must not be made of the user's name"
        : null;

    /// <summary>A random password for somebody who will change it.</summary>
    public static string Create() => RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyz23456789", 20);

    /// <exception cref="BusyException">Too many wait already.</exception>
    public async Task<string> HashAsync(string password, CancellationToken ct)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var hash = await DeriveAsync(password, salt, options.PasswordRounds, ct);
        return string.Create(CultureInfo.InvariantCulture, $"{Scheme}${options.PasswordRounds}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}");
    }

    /// <summary>Whether a password is the one of a hash, which may be null: then it is none, and takes as long.</summary>
    /// <exception cref="BusyException">Too many wait already.</exception>
    public async Task<bool> MatchesAsync(string password, string? stored, CancellationToken ct)
    {
        var parts = (stored ?? _nobody).Split('$');
        var (rounds, salt, hash) = (int.Parse(parts[1], CultureInfo.InvariantCulture), Convert.FromBase64String(parts[2]), Convert.FromBase64String(parts[3]));
        var tried = await DeriveAsync(password.Length > Longest ? "" : password, salt, rounds, ct);
        return CryptographicOperations.FixedTimeEquals(tried, hash) && stored is not null;
    }

    public void Dispose() => _places.Dispose();

    private async Task<byte[]> DeriveAsync(string password, byte[] salt, int rounds, CancellationToken ct)
    {
        if (Interlocked.Increment(ref _waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            throw new BusyException();
        }

        try
        {
            await _places.WaitAsync(ct);
            try
            {
                return await Task.Run(() => Rfc2898DeriveBytes.Pbkdf2(password, salt, rounds, HashAlgorithmName.SHA256, HashBytes), CancellationToken.None);
            }
            finally
            {
                _places.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }
}
