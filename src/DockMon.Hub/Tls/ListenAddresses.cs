using System.Net;

namespace DockMon.Hub.Tls;

/// <summary>The addresses of <c>HUB_URLS</c>.</summary>
internal static class ListenAddresses
{
    /// <summary>The default address: this machine only.</summary>
    public static string Default(TlsOptions? tls) => tls is null ? "http://127.0.0.1:8090" : "https://127.0.0.1:8090";

    /// <summary>Checks addresses.</summary>
    /// <exception cref="ArgumentException">The hub cannot listen on one of them.</exception>
    public static string Check(string urls, TlsOptions? tls)
    {
        var parts = Split(urls);
        foreach (var url in parts)
        {
            var scheme = SchemeOf(url) ?? throw new ArgumentException(
                $"HUB_URLS has \"{url}\": it must be an address such as {Default(tls)}, or several with semicolons between them");
            if (scheme == "https" && tls is null)
            {
                throw new ArgumentException(
                    $"HUB_URLS has \"{url}\", and the hub has no certificate: set HUB_TLS_CERT and HUB_TLS_KEY, or HUB_TLS=self-signed; "
                    + $"without TLS an address looks like {Default(null)}");
            }
        }

        if (tls is not null && !parts.Any(url => SchemeOf(url) == "https"))
        {
            throw new ArgumentException($"HUB_URLS has no address with https, and a certificate is set: write it as {Default(tls)}, or remove the certificate");
        }

        return urls;
    }

    /// <summary>The addresses that other machines can reach and that have no TLS.</summary>
    public static IReadOnlyList<string> Exposed(string urls) =>
        [.. Split(urls).Where(url => BindingAddress.Parse(url) is { Scheme: "http", IsUnixPipe: false } address && !IsLoopback(address.Host))];

    /// <summary>The host names and addresses in the addresses.</summary>
    public static IReadOnlyList<string> Hosts(string urls) =>
        [.. Split(urls).Select(BindingAddress.Parse).Where(address => !address.IsUnixPipe).Select(address => address.Host.Trim('[', ']')).Distinct()];

    /// <summary>An address of the hub to type into a browser: one on this machine, if there is one.</summary>
    public static string ForPeople(IEnumerable<string> urls)
    {
        var addresses = urls.Select(BindingAddress.Parse).Where(address => !address.IsUnixPipe)
            .OrderByDescending(address => address.Scheme == "https").ThenByDescending(address => IsLoopback(address.Host)).ToList();
        return addresses is not [var best, ..] ? Default(null)
            : $"{best.Scheme}://{(best.Host is "*" or "+" or "0.0.0.0" or "[::]" ? Environment.MachineName : best.Host)}:{best.Port}";
    }

    private static string[] Split(string urls) => urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static bool IsLoopback(string host) =>
        host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static string? SchemeOf(string url)
    {
        try
        {
            return BindingAddress.Parse(url) is { Scheme: "http" or "https", Port: <= ushort.MaxValue } address ? address.Scheme : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
