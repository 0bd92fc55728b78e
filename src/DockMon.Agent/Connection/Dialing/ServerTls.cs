using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using DockMon.Agent.Configuration;

namespace DockMon.Agent.Connection.Dialing;

/// <summary>
/// The TLS of one dial: whom it trusts, what it shows of the agent, and why it failed. Files are read each time, so that new ones count at once.
/// </summary>
internal sealed class ServerTls
{
    private const string AskedFor = "; it asks for a client certificate: set " + CertificateFiles.ClientVariable + " and " + CertificateFiles.ClientKeyVariable;

    private const string NotAccepted = "; it may be that what answers there does not accept the certificate in " + CertificateFiles.ClientVariable;

    private readonly ServerIdentity _identity;
    private readonly bool _insecure;
    private readonly DialTrace? _trace;
    private bool _isAsked;

    /// <summary>Reads the files.</summary>
    /// <param name="options">The server, and how both sides show who they are.</param>
    /// <param name="trace">Sees the server's certificate.</param>
    /// <param name="now">The time, which the files must not be older than.</param>
    /// <exception cref="ConfigurationException">A file cannot be used now.</exception>
    public ServerTls(AgentOptions options, DialTrace? trace, DateTimeOffset now)
    {
        (_identity, _insecure, _trace) = (options.Identity, options.InsecureSkipVerify, trace);
        if (options.ServerUrl.Scheme != "wss")
        {
            return;
        }

        if (trace is not null || _insecure || _identity.Pins.Count > 0)
        {
            Options.RemoteCertificateValidationCallback = IsAccepted;
        }

        if (_identity.CaFile is { } file)
        {
            Options.CertificateChainPolicy = TrustOnly(CertificateFiles.ReadAuthorities(file, now));
        }

        if (_identity.ClientCertFile is { } certificateFile)
        {
            var own = CertificateFiles.ReadClient(certificateFile, _identity.ClientKeyFile!, now);
            Options.ClientCertificateContext = SslStreamCertificateContext.Create(own.Certificate, own.Chain, offline: true);
            // A resumed session would be that of the certificate before.
            Options.AllowTlsResume = false;
        }
        else
        {
            Options.LocalCertificateSelectionCallback = OnCertificateAsked;
        }
    }

    /// <summary>What the connection is opened with.</summary>
    public SslClientAuthenticationOptions Options { get; } = new();

    /// <summary>Why the server's certificate was refused; null when it was not, or when the runtime says it.</summary>
    public string? Refusal { get; private set; }

    /// <summary>What differs from server to server in it.</summary>
    public string? RefusalDetail { get; private set; }

    /// <summary>What may be the reason that a server refused the agent, to be added to what is known; null for nothing.</summary>
    /// <param name="status">The HTTP status of the answer; null when there was none.</param>
    public string? Hint(int? status) => Refusal is not null ? null
        : _isAsked && status is null or 400 or 401 or 403 or 495 or 496 ? AskedFor
        : _identity.ClientCertFile is not null && status is 400 or 403 or 495 ? NotAccepted
        : null;

    /// <summary>Whether the server asked for a client certificate and there was none.</summary>
    public bool IsAsked => _isAsked;

    private static X509ChainPolicy TrustOnly(Authorities authorities)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities.Roots);
        policy.ExtraStore.AddRange(authorities.Intermediates);
        return policy;
    }

    private bool IsAccepted(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            Refusal = "TLS: the server shows no certificate";
            return _insecure;
        }

        using var shown = new X509Certificate2(certificate);
        var pin = ServerPin.Of(shown);
        if (_trace is not null)
        {
            _trace.Certificate = SeenCertificate.Read(shown, pin, chain, errors);
        }

        if (_insecure)
        {
            return true;
        }

        if (_identity.Pins.Count > 0 && !_identity.Pins.Contains(pin))
        {
            Refusal = "TLS: the server's key is not in SERVER_PIN";
            RefusalDetail = $" (it is {pin}). Either the server has a new one, or somebody else answers in its place";
            return false;
        }

        if (_identity.IsKeyEnough || errors == SslPolicyErrors.None)
        {
            return true;
        }

        var reasons = chain?.ChainStatus.Select(status => status.Status.ToString()) ?? [];
        Refusal = $"TLS: the server's certificate is refused: {errors} {string.Join(' ', reasons)}".TrimEnd();
        return false;
    }

    private X509Certificate OnCertificateAsked(
        object sender,
        string targetHost,
        X509CertificateCollection localCertificates,
        X509Certificate? remoteCertificate,
        string[] acceptableIssuers)
    {
        // It is called once before anything was sent, too.
        _isAsked |= remoteCertificate is not null;
        if (_trace is not null)
        {
            _trace.ClientCertificateAsked = _isAsked;
        }

        return null!;
    }
}
