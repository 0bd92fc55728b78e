using System.Security.Cryptography;

namespace DockMon.Testing;

/// <summary>A key that signs programs.</summary>
public sealed class SigningKey : IDisposable
{
    /// <summary>Names the file of the private key whose public half the published agent was built with; <c>./test</c> makes one.</summary>
    public const string Variable = "DOCKMON_TEST_RELEASE_KEY";

    private readonly ECDsa _key;

    /// <summary>Makes a new one.</summary>
    public SigningKey() => _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private SigningKey(ECDsa key) => _key = key;

    /// <summary>The key of the agent that is tested; null when that was built with none.</summary>
    public static SigningKey? OfAgent()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } path)
        {
            return null;
        }

        var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(path));
        return new SigningKey(key);
    }

    /// <summary>The private half, in PEM.</summary>
    public string PrivatePem => _key.ExportPkcs8PrivateKeyPem() + "\n";

    /// <summary>The public half, in PEM.</summary>
    public string PublicPem => _key.ExportSubjectPublicKeyInfoPem() + "\n";

    /// <summary>A signature as OpenSSL makes it.</summary>
    public byte[] Sign(byte[] content) => _key.SignData(content, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    /// <summary>Signs a file: the signature goes beside it.</summary>
    public void Sign(string path) => File.WriteAllBytes(path + ".sig", Sign(File.ReadAllBytes(path)));

    public void Dispose() => _key.Dispose();
}
