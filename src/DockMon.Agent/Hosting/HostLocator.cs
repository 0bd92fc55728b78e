using System.Globalization;
using System.Net;
using DockMon.Agent.Linux;
using DockMon.Engine;

namespace DockMon.Agent.Hosting;

/// <summary>Decides whether what the agent sees of a machine is of the engine's host. Figures and addresses of another one would pass for the host's.</summary>
internal static class HostLocator
{
    /// <summary>Why it is not, or may not be; null when it is.</summary>
    /// <param name="info">What the engine says of its host.</param>
    /// <param name="engine">How the engine is reached.</param>
    /// <param name="self">The agent's own container, where the engine knows it.</param>
    /// <param name="seen">What the agent sees.</param>
    public static string? WhyElsewhere(EngineInfo info, EngineEndpoint engine, SelfContainer? self, Machine seen)
    {
        if (self is not null)
        {
            return null; // Its host is where the agent runs, however it is reached.
        }

        if (seen.InContainer)
        {
            return "the agent runs in a container that this engine does not know, or does not show";
        }

        if (engine.Host is { } host && !IsLoopback(host))
        {
            return $"the engine is reached at another address ({engine.Description})";
        }

        // A nested engine has the kernel and the memory of the machine, and a name of its own; one behind a forwarded port has none of them.
        return Differs("kernel", info.KernelVersion, seen.Kernel)
            ?? Differs("memory", info.MemTotal > 0 ? Kilobytes(info.MemTotal) : null, seen.Memory is { } memory ? Kilobytes(memory) : null)
            ?? Differs("name", FirstLabel(info.Name), FirstLabel(seen.Hostname));
    }

    private static string? Differs(string what, string? engines, string? seen) =>
        string.IsNullOrEmpty(engines) || string.IsNullOrEmpty(seen) || engines.Equals(seen, StringComparison.OrdinalIgnoreCase) ? null
            : $"the engine's host has {what} {engines}, and the machine that the agent runs on {seen}";

    private static string Kilobytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024} kB");

    // .NET gives no more of a name.
    private static string? FirstLabel(string? name) => name?.Split('.')[0];

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
