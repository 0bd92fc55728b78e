using System.Text.Json;

namespace DockMon.Agent.Commands;

/// <summary>What the agent does on which frame of the server. Each subsystem adds its own.</summary>
internal sealed class Routes
{
    /// <summary>By the name of a command, which is answered by a response.</summary>
    public Dictionary<string, Route> Commands { get; } = new(StringComparer.Ordinal);

    /// <summary>By the action of a container operation, which is answered by its result.</summary>
    public Dictionary<string, Route> Operations { get; } = new(StringComparer.Ordinal);

    /// <summary>By the type of a message that has no answer: a handler queues what takes time, and what is wrong with it is only logged.</summary>
    public Dictionary<string, Action<JsonElement>> Messages { get; } = new(StringComparer.Ordinal);

    /// <summary>The routes of all these.</summary>
    public static Routes Of(params ReadOnlySpan<Action<Routes>> parts)
    {
        var routes = new Routes();
        foreach (var addTo in parts)
        {
            addTo(routes);
        }

        return routes;
    }
}
