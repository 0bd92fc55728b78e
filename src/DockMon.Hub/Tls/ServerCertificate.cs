using System.Globalization;
using System.Security.Cryptography;

namespace DockMon.Hub.Tls;

/// <summary>The certificate that the hub shows. It is read again when its files change; a pair that cannot be used leaves the old one in place.</summary>
internal sealed partial class ServerCertificate
{
    private static readonly TimeSpan Soon = TimeSpan.FromDays(14);

    private readonly TlsOptions _tls;
    private readonly HubOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ServerCertificate> _logger;
    private byte[] _tried;
    private LoadedCertificate _current;
    private DateTimeOffset _warned = DateTimeOffset.MinValue;

    /// <exception cref="IOException">There is no certificate that can be used.</exception>
    public ServerCertificate(HubOptions options, TimeProvider time, ILogger<ServerCertificate> logger)
    {
        (_tls, _options, _time, _logger) = (options.Tls ?? throw new ArgumentException("without TLS there is no certificate"), options, time, logger);
        try
        {
            var (certificate, key) = ReadFiles();
            _tried = Fingerprint(certificate, key);
            _current = LoadedCertificate.Read(certificate, key);
        }
        catch (Exception e) when (IsUnusable(e))
        {
            throw new IOException($"the certificate cannot be used: {Explain(e)}", e);
        }
    }

    public LoadedCertificate Current => Volatile.Read(ref _current);

    /// <summary>Says which certificate is in use, and which pin an agent needs.</summary>
    public void Announce()
    {
        var (pin, ends) = (Current.Pin, Day(Current.Ends));
        if (_tls == TlsOptions.SelfSigned)
        {
            Log.SelfSigned(_logger, ends, pin);
            _options.Output.WriteLine($"Agents know this hub by SERVER_PIN={pin}");
            _options.Output.Flush();
        }
        else
        {
            Log.InUse(_logger, _tls.CertificateFile!, ends, pin);
        }
    }

    /// <summary>Renews the self-signed certificate if it is time, and takes over changed files. Called by one caller at a time.</summary>
    public void Refresh()
    {
        try
        {
            var (certificate, key) = ReadFiles();
            var fingerprint = Fingerprint(certificate, key);
            if (!fingerprint.AsSpan().SequenceEqual(_tried))
            {
                _tried = fingerprint;
                Volatile.Write(ref _current, LoadedCertificate.Read(certificate, key));
                Log.Replaced(_logger, Day(Current.Ends), Current.Pin);
            }
        }
        catch (Exception e) when (IsUnusable(e))
        {
            if (Due())
            {
                Log.Kept(_logger, Explain(e), Day(Current.Ends));
            }

            return;
        }

        if (Current.Ends - _time.GetUtcNow() < Soon && Due())
        {
            Log.EndsSoon(_logger, _tls.CertificateFile ?? SelfSigned.CertificateFile, Day(Current.Ends));
        }
    }

    private static bool IsUnusable(Exception e) => e is IOException or UnauthorizedAccessException or ArgumentException or CryptographicException;

    private static byte[] Fingerprint(byte[] certificate, byte[] key) => [.. SHA256.HashData(certificate), .. SHA256.HashData(key)];

    private static string Day(DateTimeOffset time) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private string Explain(Exception e) => _tls == TlsOptions.SelfSigned ? e.Message
        : $"HUB_TLS_CERT is \"{_tls.CertificateFile}\" and HUB_TLS_KEY \"{_tls.KeyFile}\" ({e.Message}): they must be PEM files, the certificate "
        + "with its chain "
            + "first to last, the key of that certificate without a password";

    /// <summary>Whether the next complaint is due: one an hour.</summary>
    private bool Due()
    {
        var now = _time.GetUtcNow();
        if (now - _warned < TimeSpan.FromHours(1))
        {
            return false;
        }

        _warned = now;
        return true;
    }

    private (byte[] Certificate, byte[] Key) ReadFiles()
    {
        var files = _tls == TlsOptions.SelfSigned ? SelfSigned.Ensure(_options.DataPath, ListenAddresses.Hosts(_options.Urls), _time.GetUtcNow()) : _tls;
        return (File.ReadAllBytes(files.CertificateFile!), File.ReadAllBytes(files.KeyFile!));
    }

    private static partial class Log
    {
        [LoggerMessage(60, LogLevel.Information, "TLS with a self-signed certificate until {Ends}. Agents know the hub by SERVER_PIN={Pin}")]
        public static partial void SelfSigned(ILogger logger, string ends, string pin);

        [LoggerMessage(61, LogLevel.Information, "TLS with the certificate {File} until {Ends}; the pin of its key is {Pin}")]
        public static partial void InUse(ILogger logger, string file, string ends, string pin);

        [LoggerMessage(62, LogLevel.Information, "New connections get a new certificate, good until {Ends}; the pin of its key is {Pin}")]
        public static partial void Replaced(ILogger logger, string ends, string pin);

        [LoggerMessage(63, LogLevel.Error, "The new certificate cannot be used, so the one before stays, until {Ends}: {Reason}")]
        public static partial void Kept(ILogger logger, string reason, string ends);

        [LoggerMessage(64, LogLevel.Warning, "The certificate {File} ends on {Ends}: replace the file and its key; the hub takes them over within a minute")]
        public static partial void EndsSoon(ILogger logger, string file, string ends);
    }
}
