using Microsoft.AspNetCore.HttpOverrides;

namespace DockMon.Hub.Tls;

/// <summary>TLS and what stands in front of the hub.</summary>
internal static partial class TlsServices
{
    public static void AddTls(this WebApplicationBuilder builder, HubOptions options)
    {
        if (options.Tls is not null)
        {
            builder.Services.AddSingleton<ServerCertificate>();
            builder.Services.AddHostedService<CertificateRefresh>();
            builder.WebHost.UseKestrelHttpsConfiguration();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureHttpsDefaults(https =>
            {
                var certificate = kestrel.ApplicationServices.GetRequiredService<ServerCertificate>();
                https.ServerCertificateSelector = (_, _) => certificate.Current.Leaf;
                https.OnAuthenticate = (_, tls) =>
                {
                    // With its intermediates, and resumable sessions: both need the context.
                    tls.ServerCertificateSelectionCallback = null;
                    tls.ServerCertificateContext = certificate.Current.Context;
                };
            }));
        }

        if (options.TrustedProxies.Count > 0)
        {
            builder.Services.Configure<ForwardedHeadersOptions>(forwarded =>
            {
                forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
                forwarded.ForwardLimit = null; // As far as the proxies are trusted.
                forwarded.KnownProxies.Clear();
                forwarded.KnownIPNetworks.Clear();
                foreach (var network in options.TrustedProxies)
                {
                    forwarded.KnownIPNetworks.Add(network);
                }
            });
        }
    }

    /// <summary>First in the pipeline: everything after it sees the address of the client and not of the proxy.</summary>
    public static void UseTls(this WebApplication app, HubOptions options)
    {
        if (options.Tls is not null)
        {
            app.Services.GetRequiredService<ServerCertificate>().Announce();
        }

        if (options.TrustedProxies.Count > 0)
        {
            app.UseForwardedHeaders();
        }
        else if (ListenAddresses.Exposed(options.Urls) is [_, ..] exposed)
        {
            Log.InClear(app.Logger, string.Join(", ", exposed));
        }
    }

    private static partial class Log
    {
        [LoggerMessage(65, LogLevel.Warning,
            "The hub listens on {Addresses} without TLS: whoever is on the way can read and use keys, tokens and shells. Set HUB_TLS=self-signed, or "
            + "HUB_TLS_CERT and HUB_TLS_KEY, with https in HUB_URLS; or listen on 127.0.0.1 behind a proxy. If the proxy is on another address, name it in "
            + "HUB_TRUSTED_PROXIES")]
        public static partial void InClear(ILogger logger, string addresses);
    }
}
