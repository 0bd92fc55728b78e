using System.Data.Common;
using System.Security.Cryptography;
using System.Text;

namespace DockMon.Hub.Storage;

/// <summary>An encrypted value that cannot be decrypted.</summary>
internal sealed class VaultException(string message, Exception inner) : DbException(message, inner);

/// <summary>
/// Encrypts secret values of the database: AES-GCM with a random key in a file of its own, so that a copy of the database alone reveals nothing.
/// Each value is bound to its place in the database and cannot be decrypted elsewhere.
/// </summary>
internal sealed class Vault
{
    public const string KeyFile = "hub.key";

    private const int KeyBytes = 32;
    private const string CheckPlace = "settings/vault_check";
    private static readonly int NonceBytes = AesGcm.NonceByteSizes.MaxSize;
    private static readonly int TagBytes = AesGcm.TagByteSizes.MaxSize;

    private readonly byte[] _key;

    private Vault(byte[] key) => _key = key;

    /// <summary>The vault of a database without encrypted values. An existing key file is used: another copy of the database may need it.</summary>
    public static Vault Create(string directory)
    {
        var path = Path.Combine(directory, KeyFile);
        if (ReadKey(path) is { } there)
        {
            return new Vault(there);
        }

        var key = RandomNumberGenerator.GetBytes(KeyBytes);
        PrivateFile.Write(path, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(key) + "\n"));
        return new Vault(key);
    }

    /// <summary>The vault of a database.</summary>
    /// <param name="directory">Directory of the database and its key.</param>
    /// <param name="check">The result of <see cref="Check"/> when the database was created.</param>
    /// <exception cref="IOException">The key is missing or is not the key of this database.</exception>
    public static Vault Load(string directory, string? check)
    {
        var path = Path.Combine(directory, KeyFile);
        const string Remedy = "put back the one that belongs to it (all hubs of one database need the same key file); "
            + "without it the database cannot be used, and every agent has to register again with an empty one";
        PrivateFile.TightenIfThere(path);
        var vault = new Vault(ReadKey(path) ?? throw new IOException($"the key of the database, {path}, is missing or invalid: {Remedy}"));
        try
        {
            vault.Open(check ?? "", CheckPlace);
            return vault;
        }
        catch (VaultException e)
        {
            throw new IOException($"the key {path} is not the one this database was encrypted with: {Remedy}", e);
        }
    }

    /// <summary>An encrypted value that identifies the key later.</summary>
    public string Check() => Seal("", CheckPlace);

    public string Seal(string text, string place)
    {
        var plain = Encoding.UTF8.GetBytes(text);
        var box = new byte[NonceBytes + TagBytes + plain.Length];
        var nonce = box.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(_key, TagBytes);
        cipher.Encrypt(nonce, plain, box.AsSpan(NonceBytes + TagBytes), box.AsSpan(NonceBytes, TagBytes), Encoding.UTF8.GetBytes(place));
        return Convert.ToBase64String(box);
    }

    /// <exception cref="VaultException">The value was not encrypted with this key for this place.</exception>
    public string Open(string box, string place)
    {
        try
        {
            var bytes = Convert.FromBase64String(box);
            if (bytes.Length < NonceBytes + TagBytes)
            {
                throw new FormatException("it is too short");
            }

            var plain = new byte[bytes.Length - NonceBytes - TagBytes];
            using var cipher = new AesGcm(_key, TagBytes);
            var (nonce, tag, sealedText) = (bytes.AsMemory(0, NonceBytes), bytes.AsMemory(NonceBytes, TagBytes), bytes.AsMemory(NonceBytes + TagBytes));
            cipher.Decrypt(nonce.Span, sealedText.Span, tag.Span, plain, Encoding.UTF8.GetBytes(place));
            return Encoding.UTF8.GetString(plain);
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            throw new VaultException($"the value {place} cannot be decrypted with the key {KeyFile}: {e.Message}", e);
        }
    }

    private static byte[]? ReadKey(string path)
    {
        var text = File.Exists(path) ? File.ReadAllText(path).Trim() : "";
        return text.Length == KeyBytes * 2 && text.All(char.IsAsciiHexDigit) ? Convert.FromHexString(text) : null;
    }
}
