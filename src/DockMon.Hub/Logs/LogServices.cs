using System.Text.Json.Serialization;
using DockMon.Hub.Bus;
using DockMon.Protocol;

namespace DockMon.Hub.Logs;

/// <summary>Followed logs.</summary>
internal static class LogServices
{
    public static void AddLogs(this IServiceCollection services)
    {
        services.AddSingleton<AgentLogs>();
        services.AddSingleton<IAnswersHubs>(provider => provider.GetRequiredService<AgentLogs>());
        services.AddSingleton<LogStreams>();
    }
}

/// <summary>Data of the event <c>log</c>.</summary>
internal sealed record LogLinesEvent(IReadOnlyList<LogLine> Lines);

/// <summary>Data of the event <c>end</c>.</summary>
internal sealed record LogEndEvent(string Reason, string? Error);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LogLinesEvent))]
[JsonSerializable(typeof(LogEndEvent))]
[JsonSerializable(typeof(string))]
internal sealed partial class LogJson : JsonSerializerContext;
