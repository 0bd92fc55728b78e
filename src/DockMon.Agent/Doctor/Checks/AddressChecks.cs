using System.Net;
using System.Net.Sockets;

namespace DockMon.Agent.Doctor.Checks;

/// <summary>The way from the server's URL to an open connection: address, proxy, DNS, TCP.</summary>
/// <param name="configuration">The configuration.</param>
/// <param name="route">The way to the server.</param>
/// <param name="inContainer">Whether the agent runs in a container, where "localhost" means something else.</param>
/// <param name="environment">The environment, to name the variable that a proxy comes from.</param>
/// <param name="time">The clock.</param>
internal sealed class AddressChecks(
    DoctorConfiguration configuration,
    ServerRoute route,
    bool inContainer,
    Func<string, string?> environment,
    TimeProvider time)
{
    /// <summary>The addresses of <see cref="ServerRoute.Host"/>.</summary>
    public IPAddress[] Addresses { get; private set; } = [];

    private string Target => $"{route.Host}:{route.Port}";

    public IEnumerable<Check> All() =>
    [
        new("address", [], _ => Task.FromResult(Address())),
        new("proxy", ["address"], _ => Task.FromResult(Proxy())),
        new("dns", ["proxy"], ResolveAsync),
        new("tcp", ["dns"], ConnectAsync),
    ];

    private CheckResult Address()
    {
        if (!configuration.ServerKnown)
        {
            return CheckResult.Skipped("DOCKMON_URL cannot be used");
        }

        var written = configuration.ServerText!.Split(':')[0].ToLowerInvariant();
        return CheckResult.Ok(written is "http" or "https" ? $"{route.Endpoint} ({written}:// means {route.Endpoint.Scheme}://)" : route.Endpoint.ToString());
    }

    private CheckResult Proxy()
    {
        string[] names = [.. new[] { route.IsTls ? "https_proxy" : "http_proxy", "all_proxy" }.SelectMany(name => new[] { name, name.ToUpperInvariant() })];
        var set = names.FirstOrDefault(name => !string.IsNullOrEmpty(environment(name)));
        if (route.Proxy is not null)
        {
            return CheckResult.Ok($"{route.Proxy.Scheme}://{route.Proxy.Authority}, from {set}");
        }

        return CheckResult.Ok(set is null ? $"none for {route.Endpoint.Scheme}://" : $"none: {set} is set, but NO_PROXY excludes {route.Endpoint.IdnHost}");
    }

    private async Task<CheckResult> ResolveAsync(CancellationToken ct)
    {
        if (IPAddress.TryParse(route.Host, out var literal))
        {
            Addresses = [literal];
            return CheckResult.Ok($"{route.Host} is an IP address");
        }

        try
        {
            Addresses = await Dns.GetHostAddressesAsync(route.Host, ct);
            return CheckResult.Ok($"{route.Host} resolves to {string.Join(", ", Addresses.Select(address => address.ToString()))}");
        }
        catch (SocketException e)
        {
            return CheckResult.Failed(
                $"{route.Host} cannot be resolved: {e.Message}",
                $"check the name in {(route.Proxy is null ? "DOCKMON_URL" : "the proxy's variable")} and this machine's DNS (getent hosts {route.Host})"
                + (inContainer ? $"; a container can be given a DNS server (--dns ADDRESS) or the name (--add-host {route.Host}:ADDRESS)" : ""));
        }
    }

    private async Task<CheckResult> ConnectAsync(CancellationToken ct)
    {
        var started = time.GetTimestamp();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(Addresses, route.Port, ct);
            var peer = (IPEndPoint)socket.RemoteEndPoint!;
            peer = peer.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(peer.Address.MapToIPv4(), peer.Port) : peer;
            return CheckResult.Ok($"connected to {peer} in {time.GetElapsedTime(started).TotalMilliseconds:0} ms");
        }
        catch (OperationCanceledException)
        {
            return CheckResult.Failed($"{Target} does not answer (timeout)", Silent());
        }
        catch (SocketException e)
        {
            return CheckResult.Failed($"{Target}: {e.Message}", e.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => Refused(),
                SocketError.TimedOut => Silent(),
                SocketError.NetworkUnreachable or SocketError.HostUnreachable =>
                    "this machine has no route to it: check the address, this machine's network and its routes",
                _ => "check this machine's network and the address",
            });
        }
    }

    private string Silent() => $"a firewall, here or on the way, may drop the packets: allow this machine to connect to {Target} (TCP)";

    private string Refused()
    {
        if (inContainer && Addresses.Any(IPAddress.IsLoopback))
        {
            return $"in a container {route.Host} is the container itself: write the server's own address, or give the agent's container the host's "
                + "network (--network host)";
        }

        return route.Proxy is not null
            ? "no proxy listens there: start it, or correct the port in the proxy's variable"
            : $"nothing listens on port {route.Port}: start the server, or correct the port in DOCKMON_URL (without one, wss:// means 443 and ws:// means 80)";
    }
}
