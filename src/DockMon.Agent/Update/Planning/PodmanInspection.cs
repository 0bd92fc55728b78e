using System.Text.Json.Nodes;
using DockMon.Agent.Json;

namespace DockMon.Agent.Update.Planning;

/// <summary>
/// Translates Podman's inspect object into what its create request accepts: the two use different values (seen with 4.3). What
/// Podman adds to every container by itself is removed.
/// </summary>
internal static class PodmanInspection
{
    private const string LimitPrefix = "RLIMIT_";

    private static readonly Dictionary<string, string> Signals = new(StringComparer.Ordinal)
    {
        ["1"] = "SIGHUP", ["2"] = "SIGINT", ["3"] = "SIGQUIT", ["9"] = "SIGKILL",
        ["10"] = "SIGUSR1", ["12"] = "SIGUSR2", ["15"] = "SIGTERM", ["28"] = "SIGWINCH",
    };

    /// <summary>The container as Docker would describe it; unchanged if it is Docker's.</summary>
    public static JsonObject ToDocker(JsonObject container)
    {
        // Podman writes this value for any runtime.
        if (container["HostConfig"] is not JsonObject given || given.GetText("Runtime") != "oci")
        {
            return container;
        }

        var copy = (JsonObject)container.DeepClone();
        var (host, config) = ((JsonObject)copy["HostConfig"]!, copy["Config"] as JsonObject ?? []);
        TranslateHost(host);
        TranslateConfig(config);
        if (config["Env"] is JsonArray variables)
        {
            RemoveAdded(variables, config, host);
        }

        return copy;
    }

    private static void TranslateHost(JsonObject host)
    {
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

        // It lists exposed ports among the published ones, which would make the image's ports the user's.
        foreach (var port in (host["PortBindings"] as JsonObject ?? []).Where(port => port.Value is null).Select(port => port.Key).ToList())
        {
            ((JsonObject)host["PortBindings"]!).Remove(port);
        }

        // It shows --cpus in both forms, and accepts only one.
        if (host["NanoCpus"].FindNumber() > 0)
        {
            host.Remove("CpuPeriod");
            host.Remove("CpuQuota");
        }
    }

    private static void TranslateConfig(JsonObject config)
    {
        if (Signals.TryGetValue(config.GetText("StopSignal"), out var signal))
        {
            config["StopSignal"] = signal;
        }

        // The actual time is ten seconds. A 0 that is sent back would be taken literally.
        if (config["StopTimeout"].FindNumber() == 0)
        {
            config.Remove("StopTimeout");
        }
    }

    /// <summary>
    /// Podman writes a container's variables in any order, then HOSTNAME if a host name was asked for, and, when it starts the container, HOME
    /// and HOSTNAME if they are missing. A HOME after HOSTNAME is Podman's. Any other HOME at the end may be the user's, and is kept unless it is
    /// root's; so is a HOSTNAME that is neither the container's nor that of a namespace it shares.
    /// </summary>
    private static void RemoveAdded(JsonArray variables, JsonObject config, JsonObject host)
    {
        var (hostName, network) = ("HOSTNAME=" + config.GetText("Hostname"), host.GetText("NetworkMode"));
        var sharesName = host.GetText("UTSMode") == "host" || network.StartsWith("container:", StringComparison.Ordinal);
        var (last, before) = (Variable(1), Variable(2));
        if (before is "HOME=/" or "HOME=/root" && (last == hostName || (sharesName && last.StartsWith("HOSTNAME=", StringComparison.Ordinal))))
        {
            variables.RemoveRange(variables.Count - 2, 2);
            if (network == "host")
            {
                config.Remove("Hostname"); // The host's. A host name that a user sets is among the variables from the start.
            }
        }
        else if (last is "HOME=/" or "HOME=/root" || (before == hostName && last.StartsWith("HOME=", StringComparison.Ordinal)))
        {
            variables.RemoveAt(variables.Count - 1);
        }

        var added = new HashSet<string>(StringComparer.Ordinal) { "container=podman", "TERM=xterm", hostName };
        variables.RemoveAll(variable => added.Contains(variable.FindText() ?? ""));

        string Variable(int fromEnd) => variables.Count >= fromEnd ? variables[^fromEnd].FindText() ?? "" : "";
    }
}
