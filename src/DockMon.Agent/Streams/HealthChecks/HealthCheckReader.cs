using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Json;
using DockMon.Protocol;

namespace DockMon.Agent.Streams.HealthChecks;

/// <summary>Reads configurations one by one: a wrong one becomes a failing check of its container and leaves the others alone.</summary>
internal static class HealthCheckReader
{
    /// <exception cref="CommandException">It does not even say which container it is about.</exception>
    public static HealthCheck Read(JsonElement payload)
    {
        var container = ContainerOf(payload);
        HealthCheckConfig config;
        try
        {
            config = Route.Read(payload, ProtocolJson.Default.HealthCheckConfig);
        }
        catch (CommandException e)
        {
            return HealthCheck.From(new HealthCheckConfig { ContainerId = container, HostId = payload.FindText("host_id") }, e.Message);
        }

        return HealthCheck.From(config with { ContainerId = container });
    }

    /// <summary>Reads a list; <paramref name="onLeftOut"/> hears of those that cannot be read at all.</summary>
    /// <exception cref="CommandException">It is no list.</exception>
    public static IReadOnlyList<HealthCheck> ReadAll(JsonElement payload, Action<string> onLeftOut)
    {
        if (ConfigsOf(payload) is not { ValueKind: not JsonValueKind.Null } configs)
        {
            return [];
        }

        if (configs.ValueKind != JsonValueKind.Array)
        {
            throw new CommandException("configs is not a list");
        }

        var checks = new List<HealthCheck>();
        foreach (var config in configs.EnumerateArray())
        {
            try
            {
                checks.Add(Read(config));
            }
            catch (CommandException e)
            {
                onLeftOut(e.Message);
            }
        }

        return checks;
    }

    private static JsonElement? ConfigsOf(JsonElement payload)
    {
        try
        {
            return payload.ValueKind is JsonValueKind.Object && payload.TryGetProperty("configs", out var configs) ? configs : null;
        }
        catch (InvalidOperationException)
        {
            // Not an empty list, which would end all checks.
            throw new CommandException("invalid payload: it has half of a surrogate pair in a name");
        }
    }

    private static string ContainerOf(JsonElement payload) =>
        payload.GetText("container_id") is { Length: > 0 } id ? id : throw new CommandException("container_id is missing");
}
