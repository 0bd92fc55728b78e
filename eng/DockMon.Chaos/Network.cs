using System.Diagnostics;
using System.Globalization;

namespace DockMon.Chaos;

/// <summary>
/// Where everything runs. As root <c>eng/chaos</c> makes a network of its own: this program, NATS and PostgreSQL in one namespace, each hub in another,
/// joined by a bridge. Otherwise all is on the loopback interface, where nothing can be cut off.
/// </summary>
/// <param name="name">Beginning of the names of the namespaces; null on the loopback interface.</param>
internal sealed class Network(string? name)
{
    private const string Loopback = "127.0.0.1";
    private const string Bridge = "bridge";

    public bool CanCut => name is not null;

    public string NatsHost => name is null ? Loopback : "10.77.0.2";

    public string PostgresHost => name is null ? Loopback : "10.77.0.3";

    public string HubHost(int hub) => name is null ? Loopback : string.Create(CultureInfo.InvariantCulture, $"10.77.0.{11 + hub}");

    /// <summary>The namespace of a hub; null for this program's.</summary>
    public string? HubNamespace(int hub) => name is null ? null : string.Create(CultureInfo.InvariantCulture, $"{name}-hub{hub + 1}");

    /// <summary>Cuts a hub off from everything: what is sent goes nowhere, and nobody is told.</summary>
    public static Task CutAsync(int hub) => RunAsync("link", "set", Link(hub), "nomaster");

    public static Task JoinAsync(int hub) => RunAsync("link", "set", Link(hub), "master", Bridge);

    /// <summary>Drops what a hub sends to an address.</summary>
    public Task DropAsync(int hub, string address) => RunAsync("-n", HubNamespace(hub)!, "route", "replace", "blackhole", address + "/32");

    public Task AllowAsync(int hub, string address) => RunAsync("-n", HubNamespace(hub)!, "route", "del", "blackhole", address + "/32");

    private static string Link(int hub) => string.Create(CultureInfo.InvariantCulture, $"hub{hub + 1}");

    private static async Task RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {error.Trim()}");
        }
    }
}
