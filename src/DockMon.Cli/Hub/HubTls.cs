using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DockMon.Cli.Hub;

/// <summary>Which certificates of the hub are accepted: those that the machine trusts, those of a file, or one key.</summary>
internal sealed class HubTls
{
    private const string PinPrefix = "sha256/";

    private readonly Settings _settings;

    public HubTls(Settings settings)
    {
        _settings = settings;
        Options.RemoteCertificateValidationCallback = IsAccepted;
        if (settings.CaFile is not { } file)
        {
            return;
        }

        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new CliException(ExitCodes.Usage, $"the file of authorities {file} cannot be read ({e.Message}): name one in PEM");
        }

        Options.CertificateChainPolicy = policy;
    }

    public SslClientAuthenticationOptions Options { get; } = new();

    /// <summary>Why the certificate was refused; null when it was not.</summary>
    public string? Refusal { get; private set; }

    private bool IsAccepted(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            Refusal = "it shows no certificate";
            return false;
        }

        using var shown = new X509Certificate2(certificate);
        var pin = PinPrefix + Convert.ToBase64String(SHA256.HashData(shown.PublicKey.ExportSubjectPublicKeyInfo()));
        if (_settings.Pin is { } wanted)
        {
            // The key is enough, whoever signed the certificate.
            Refusal = pin == wanted ? null : $"its key is {pin} and not {wanted}. Either it has a new one, or somebody else answers in its place";
            return Refusal is null;
        }

        Refusal = errors == SslPolicyErrors.None ? null
            : $"its certificate is not trusted ({errors}). Name its authority with --ca FILE, or, if you know that this is its key, --pin {pin}";
        return Refusal is null;
    }
}
