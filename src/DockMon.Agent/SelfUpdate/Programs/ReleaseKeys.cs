using System.Security.Cryptography;

namespace DockMon.Agent.SelfUpdate.Programs;

/// <summary>
/// The public keys of this product's releases (ECDSA P-256). Any of them may have signed a program: there are two while one takes the place of the other.
/// </summary>
internal sealed class ReleaseKeys
{
    private const string Resource = "release-keys.pem";
    private const int IdBytes = 8;

    // As SubjectPublicKeyInfo.
    private readonly List<byte[]> _keys;

    private ReleaseKeys(List<byte[]> keys)
    {
        _keys = keys;
        Ids = [.. keys.Select(Id)];
    }

    /// <summary>The keys that this program was built with: <c>-p:ReleaseKey=FILE</c>.</summary>
    public static ReleaseKeys CompiledIn { get; } = ReadResource();

    /// <summary>The beginnings of the keys' SHA-256, hexadecimal.</summary>
    public IReadOnlyList<string> Ids { get; }

    public bool IsEmpty => _keys.Count == 0;

    /// <summary>The keys in a text, in PEM.</summary>
    public static ReleaseKeys Parse(string pem)
    {
        var keys = new List<byte[]>();
        var rest = pem.AsSpan();
        while (PemEncoding.TryFind(rest, out var fields))
        {
            if (rest[fields.Label] is "PUBLIC KEY")
            {
                keys.Add(Convert.FromBase64String(rest[fields.Base64Data].ToString()));
            }

            rest = rest[fields.Location.End..];
        }

        return new ReleaseKeys(keys);
    }

    /// <summary>Whether one of the keys has signed what has this SHA-256.</summary>
    /// <param name="sha256">The checksum.</param>
    /// <param name="signature">The signature as OpenSSL makes it: an ASN.1 sequence of two numbers.</param>
    public bool HaveSigned(ReadOnlySpan<byte> sha256, ReadOnlySpan<byte> signature)
    {
        foreach (var key in _keys)
        {
            using var ecdsa = ECDsa.Create();
            ecdsa.ImportSubjectPublicKeyInfo(key, out _);
            if (ecdsa.VerifyHash(sha256, signature, DSASignatureFormat.Rfc3279DerSequence))
            {
                return true;
            }
        }

        return false;
    }

    private static string Id(byte[] key) => Convert.ToHexStringLower(SHA256.HashData(key).AsSpan(0, IdBytes));

    private static ReleaseKeys ReadResource()
    {
        using var reader = new StreamReader(typeof(ReleaseKeys).Assembly.GetManifestResourceStream(Resource)!);
        return Parse(reader.ReadToEnd());
    }
}
