using System.Text.Json.Nodes;
using DockMon.Agent.Json;

namespace DockMon.Agent.Update.Planning;

/// <summary>
/// Says what Podman's inspect object says in words that its create request takes: the two speak different languages there (seen with 4.3). What
/// Podman adds to every container by itself is left out.
/// </summary>
internal static class PodmanInspection
{
    private const string LimitPrefix = "RLIMIT_";

    private static readonly Dictionary<string, string> Signals = new(StringComparer.Ordinal)
    {
        ["1"] = "SIGHUP", ["2"] = "SIGINT", ["3"] = "SIGQUIT", ["9"] = "SIGKILL", ["10"] = "SIGUSR1", ["12"] = "SIGUSR2", ["15"] = "SIGTERM", ["28"] = "SIGWINCH",
    };

    /// <summary>The container as Docker would write it; itself when it is Docker's.</summary>
    public static JsonObject ToDocker(JsonObject container)
    {
        // Podman writes this word for whichever runtime it uses.
        if (container["HostConfig"] is not JsonObject given || given.GetText("Runtime") != "oci")
        {
            return container;
        }

        var copy = (JsonObject)container.DeepClone();
        var (host, config) = ((JsonObject)copy["HostConfig"]!, (JsonObject)copy["Config"]!);
        host.Remove("Runtime");
        foreach (var name in new[] { "PidMode", "UTSMode" })
        {
            if (host.GetText(name) == "private")
            {
                host.Remove(name);
            }
        }

        foreach (var limit in (host["Ulimits"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (limit.GetText("Name") is var name && name.StartsWith(LimitPrefix, StringComparison.Ordinal))
            {
                limit["Name"] = name[LimitPrefix.Length..].ToLowerInvariant();
            }
        }

        // It lists the ports that are only exposed with the published ones, which would make the image's ports the user's.
        foreach (var port in (host["PortBindings"] as JsonObject ?? []).Where(port => port.Value is null).Select(port => port.Key).ToList())
        {
            ((JsonObject)host["PortBindings"]!).Remove(port);
        }

        // It shows --cpus in both ways, and takes only one.
        if (host["NanoCpus"]?.GetValue<long>() > 0)
        {
            host.Remove("CpuPeriod");
            host.Remove("CpuQuota");
        }

        if (Signals.TryGetValue(config.GetText("StopSignal"), out var signal))
        {
            config["StopSignal"] = signal;
        }

        // Not the time it has, which is ten seconds; sent back, it would have none.
        if (config["StopTimeout"]?.GetValue<int>() == 0)
        {
            config.Remove("StopTimeout");
        }

        if (config["Env"] is JsonArray variables)
        {
            RemoveItsOwn(variables, config, host);
        }

        return copy;
    }

    /// <summary>
    /// Podman writes a container's variables in any order, behind them HOSTNAME where a host name was asked for and, when it starts the container, HOME
    /// and HOSTNAME if they are not there. A home behind the host name is Podman's. Another one at the end may be the user's, and is kept if it is not
    /// root's, and so is a host name that is neither the container's nor that of a namespace it shares.
    /// </summary>
    private static void RemoveItsOwn(JsonArray variables, JsonObject config, JsonObject host)
    {
        var (hostName, network) = ("HOSTNAME=" + config.GetText("Hostname"), host.GetText("NetworkMode"));
        var sharesName = host.GetText("UTSMode") == "host" || network.StartsWith("container:", StringComparison.Ordinal);
        var (last, before) = (Variable(1), Variable(2));
        if (before is "HOME=/" or "HOME=/root" && (last == hostName || (sharesName && last.StartsWith("HOSTNAME=", StringComparison.Ordinal))))
        {
            variables.RemoveRange(variables.Count - 2, 2);
            if (network == "host")
            {
                config.Remove("Hostname"); // The host's. One that a user sets is a variable from the container's creation on.
            }
        }
        else if (last is "HOME=/" or "HOME=/root" || (before == hostName && last.StartsWith("HOME=", StringComparison.Ordinal)))
        {
            variables.RemoveAt(variables.Count - 1);
        }

        var added = new HashSet<string>(StringComparer.Ordinal) { "container=podman", "TERM=xterm", hostName };
        variables.RemoveAll(variable => added.Contains(variable?.GetValue<string>() ?? ""));

        string Variable(int fromEnd) => variables.Count >= fromEnd ? variables[^fromEnd]?.GetValue<string>() ?? "" : "";
    }
}
