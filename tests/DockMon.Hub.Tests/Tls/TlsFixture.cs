using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using DockMon.Hub.Tls;
using Microsoft.AspNetCore.Builder;

namespace DockMon.Hub.Tests.Tls;

/// <summary>A hub with a certificate, and what a client sees of it.</summary>
internal static class TlsFixture
{
    public static async Task<WebApplication> StartAsync(string data, TlsOptions tls, TimeProvider time, CancellationToken ct, TextWriter? output = null)
    {
        var app = await HubApplication.BuildAsync(
            new HubOptions
            {
                Urls = "https://127.0.0.1:0",
                Tls = tls,
                DataPath = data,
                AdminKey = HubFixture.AdminKey,
                LogLevel = Microsoft.Extensions.Logging.LogLevel.Warning,
                Output = output ?? TextWriter.Null,
            },
            time,
            ct);
        await app.StartAsync(ct);
        return app;
    }

    /// <summary>Connects anew and asks for the health.</summary>
    /// <returns>The pin and the end of the certificate, and the number of certificates that were sent with it.</returns>
    public static async Task<(string Pin, DateTime Ends, int Chain)> LookAsync(WebApplication app, CancellationToken ct)
    {
        (string, DateTime, int) seen = default;
        using var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
                {
                    var shown = (X509Certificate2)certificate!;
                    seen = (LoadedCertificate.PinOf(
                        shown.PublicKey), shown.NotAfter.ToUniversalTime(), chain!.ChainPolicy.ExtraStore.Count(sent => sent.Thumbprint != shown.Thumbprint));
                    return true;
                },
            },
        };
        using var client = new HttpClient(handler) { BaseAddress = new Uri(app.Urls.Single()) };
        (await client.GetAsync("/health", ct)).EnsureSuccessStatusCode();
        return seen;
    }
}
