using System.Security.Cryptography.X509Certificates;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection.Dialing;

namespace DockMon.Agent.Doctor.Advice;

/// <summary>What a dial shows of the certificate by which the agent shows who it is, with the remedies.</summary>
internal static class ClientCertificateAdvice
{
    /// <summary>How long before its end a certificate should be renewed.</summary>
    public static readonly TimeSpan RenewalTime = TimeSpan.FromDays(14);

    /// <summary>The result where the agent has none.</summary>
    /// <param name="isAsked">Whether the server, or the proxy in front of it, asked for one.</param>
    /// <param name="failure">Why the dial failed; null when it did not.</param>
    public static CheckResult Missing(bool isAsked, Exception? failure) => failure is DialException { LacksCertificate: true }
        ? CheckResult.Failed(
            $"the server, or the proxy in front of it, asks for a client certificate, and there is none: {failure.Message}",
            "have one issued for this agent by the authority that the proxy trusts, and set CLIENT_CERT_FILE and CLIENT_KEY_FILE")
        : CheckResult.Ok(isAsked ? "none; the server asks for one, and does without" : "none, and the server asks for none");

    /// <summary>The result for the one it has.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="keyFile">The file of its key.</param>
    /// <param name="failure">Why the dial failed; null when it did not.</param>
    /// <param name="now">This machine's time.</param>
    public static CheckResult Judge(X509Certificate2 certificate, string keyFile, Exception? failure, DateTimeOffset now)
    {
        var whose = $"certificate of {certificate.Subject}, issued by {certificate.Issuer}, valid until {CertificateFiles.Day(certificate.NotAfter)}";
        if (now < certificate.NotBefore)
        {
            return CheckResult.Failed(
                $"{whose}, is not valid before {CertificateFiles.Day(certificate.NotBefore)}",
                $"set this machine's clock, which says {CertificateFiles.Day(now)}, or have a new certificate issued");
        }

        if (failure is DialException { IsTlsAlert: true })
        {
            return CheckResult.Failed(
                $"{whose}, is not accepted: {failure.Message}",
                "have the agent's certificate issued by the authority that the proxy in front of the server trusts; its log has the reason");
        }

        if (CertificateFiles.IsReadableByAll(keyFile))
        {
            return CheckResult.Warning($"{whose}; every user may read its key", $"chmod o-r {keyFile}");
        }

        return certificate.NotAfter - now < RenewalTime
            ? CheckResult.Warning($"{whose}, which is soon", "have it renewed; the agent reads the new files by itself")
            : CheckResult.Ok(whose);
    }
}
