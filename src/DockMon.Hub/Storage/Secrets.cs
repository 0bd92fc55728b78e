using System.Security.Cryptography;
using System.Text;

namespace DockMon.Hub.Storage;

/// <summary>Random tokens and keys, stored as hashes. With at least 128 random bits, one round of SHA-256 is enough.</summary>
internal static class Secrets
{
    /// <summary>A new secret: 32 hexadecimal digits.</summary>
    public static string Create() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>The stored form of a secret.</summary>
    public static string Hash(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    /// <summary>Whether a secret has this hash, compared in constant time.</summary>
    public static bool Matches(string secret, string hash) =>
        CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Hash(secret)), Encoding.ASCII.GetBytes(hash));
}
