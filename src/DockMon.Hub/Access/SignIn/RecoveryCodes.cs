using System.Security.Cryptography;

namespace DockMon.Hub.Access.SignIn;

/// <summary>Codes for who has lost the authenticator app, each good once: 80 random bits, so their hashes tell nothing.</summary>
internal static class RecoveryCodes
{
    private const int Count = 10;
    private const int Bytes = 10;

    public static IReadOnlyList<string> Create() =>
        [.. Enumerable.Range(0, Count)
            .Select(_ => string.Join('-', Base32.Encode(RandomNumberGenerator.GetBytes(Bytes)).Chunk(4).Select(part => new string(part))))];

    /// <summary>A code as it was made, however it was typed.</summary>
    public static string Normalize(string code)
    {
        var letters = code.ToUpperInvariant().Where(char.IsAsciiLetterOrDigit);
        return string.Join('-', letters.Chunk(4).Select(part => new string(part)));
    }
}
