using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DockMon.Agent.Configuration;

/// <summary>Public keys of the server: <c>sha256/</c> and the Base64 of the SHA-256 of a SubjectPublicKeyInfo.</summary>
internal static class ServerPin
{
    private const string Prefix = "sha256/";
    private const int MostPins = 10;
    private const string Remedy = "write sha256/ and 44 characters, as dockmon-agent doctor shows it; separate several with commas";

    /// <summary>The pin of a certificate's key.</summary>
    public static string Of(X509Certificate2 certificate) =>
        Prefix + Convert.ToBase64String(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));

    /// <summary>Reads the pins; none when the variable is not set, or cannot be used, which is an error of <paramref name="variables"/>.</summary>
    public static IReadOnlyList<string> Read(EnvironmentReader variables, string variable)
    {
        if (variables.Text(variable) is not { } text)
        {
            return [];
        }

        var pins = text.Split(',', StringSplitOptions.TrimEntries);
        var wrong = pins.Length > MostPins
            ? new ConfigurationError(variable, $"{variable} has {pins.Length} pins", $"write at most {MostPins}")
            : Array.Find(pins, pin => !IsPin(pin)) is { } other ? ConfigurationError.InvalidValue(variable, other, Remedy)
            : null;
        if (wrong is null)
        {
            return pins;
        }

        variables.AddError(wrong);
        return [];
    }

    // Written as the framework writes it, so that equal keys are equal texts.
    private static bool IsPin(string text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes + 1];
        return text.StartsWith(Prefix, StringComparison.Ordinal)
            && Convert.TryFromBase64String(text[Prefix.Length..], hash, out var length)
            && length == SHA256.HashSizeInBytes
            && text == Prefix + Convert.ToBase64String(hash[..length]);
    }
}
