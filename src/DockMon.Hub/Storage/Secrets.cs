using System.Security.Cryptography;
using System.Text;

namespace DockMon.Hub.Storage;

/// <summary>Tokens and keys: made of random bits, kept as hashes. With 128 random bits and more, one round of SHA-256 is enough.</summary>
internal static class Secrets
{
    /// <summary>A new secret: 32 hexadecimal digits.</summary>
    public static string Create() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>What is kept of a secret.</summary>
    public static string Hash(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    /// <summary>Whether a secret is the one of a hash, in the same time whatever it is.</summary>
    public static bool Matches(string secret, string hash) =>
        CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Hash(secret)), Encoding.ASCII.GetBytes(hash));
}
