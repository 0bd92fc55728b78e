using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Logging;

/// <summary>Names as they appear in log lines.</summary>
internal static class LogName
{
    /// <summary>The last part of a category in snake_case: <c>DockMon.Agent.Connection.ReadLoop</c> is <c>read_loop</c>.</summary>
    public static string OfCategory(string category) =>
        JsonNamingPolicy.SnakeCaseLower.ConvertName(category[(category.LastIndexOf('.') + 1)..]);

    /// <summary>The key of a field in snake_case. One that the line has for itself gets an underscore.</summary>
    public static string OfField(string name, bool hasException)
    {
        var key = JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
        return key is "time" or "level" or "logger" or "msg" || (hasException && key is "error" or "stack") ? key + "_" : key;
    }

    public static string OfLevel(LogLevel level) => level switch
    {
        <= LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        _ => "error",
    };
}
