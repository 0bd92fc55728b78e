using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace DockMon.Agent.Connection.Dialing;

/// <summary>What was seen on the way of a dial, for whoever wants to know more than whether it worked.</summary>
internal sealed class DialTrace
{
    /// <summary>The server's certificate; null while none was seen.</summary>
    public SeenCertificate? Certificate { get; set; }

    /// <summary>Whether the server asked for a client certificate; false as well when the agent has one.</summary>
    public bool ClientCertificateAsked { get; set; }

    /// <summary>What the server's Date header says; null when it sent none.</summary>
    public DateTimeOffset? ServerTime { get; private set; }

    /// <summary>Where it says the thing is instead.</summary>
    public Uri? Location { get; private set; }

    /// <summary>Keeps what matters of an answer.</summary>
    public void OnResponse(HttpResponseMessage response)
    {
        ServerTime = response.Headers.Date;
        Location = response.Headers.Location;
    }
}

/// <summary>A certificate as it was judged.</summary>
/// <param name="Subject">Whose it is.</param>
/// <param name="Issuer">Who signed it.</param>
/// <param name="Pin">Its key, as SERVER_PIN has it.</param>
/// <param name="Names">The names it is for.</param>
/// <param name="From">When it begins to be valid.</param>
/// <param name="Until">When it ends to be valid.</param>
/// <param name="WrongName">It is for other names.</param>
/// <param name="MissingAuthority">Who signed it in the end, when nobody here trusts that one; else null.</param>
/// <param name="AuthoritySent">The missing authority's own certificate came along, so that no link of the chain is missing.</param>
/// <param name="OtherErrors">Whatever else is wrong with its chain, in the runtime's words.</param>
internal sealed record SeenCertificate(
    string Subject,
    string Issuer,
    string Pin,
    IReadOnlyList<string> Names,
    DateTimeOffset From,
    DateTimeOffset Until,
    bool WrongName,
    string? MissingAuthority,
    bool AuthoritySent,
    IReadOnlyList<string> OtherErrors)
{
    private const X509ChainStatusFlags Untrusted = X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot;

    public static SeenCertificate Read(X509Certificate2 certificate, string pin, X509Chain? chain, SslPolicyErrors errors)
    {
        var statuses = chain?.ChainStatus ?? [];
        var last = chain is { ChainElements.Count: > 0 and var count } ? chain.ChainElements[count - 1].Certificate : certificate;
        var untrusted = statuses.Any(status => (status.Status & Untrusted) != 0);
        return new SeenCertificate(
            certificate.Subject,
            certificate.Issuer,
            pin,
            [.. Alternatives(certificate)],
            certificate.NotBefore.ToUniversalTime(),
            certificate.NotAfter.ToUniversalTime(),
            errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch),
            untrusted ? last.Issuer : null,
            statuses.Any(status => status.Status.HasFlag(X509ChainStatusFlags.UntrustedRoot)),
            [.. statuses.Where(status => (status.Status & (Untrusted | X509ChainStatusFlags.NotTimeValid)) == 0)
                .Select(status => status.StatusInformation.Trim())]);
    }

    private static IEnumerable<string> Alternatives(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(address => address.ToString())));
}
