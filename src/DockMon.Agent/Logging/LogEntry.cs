using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Logging;

/// <summary>What is logged, before it has a form.</summary>
internal readonly record struct LogEntry(
    LogLevel Level,
    string Logger,
    string Message,
    IReadOnlyList<KeyValuePair<string, object?>>? Fields,
    Exception? Exception)
{
    /// <summary>The longest text of one value; an engine's or a server's answer can be of any length.</summary>
    public const int MaxTextLength = 8192;

    private const int MaxCauses = 4;

    /// <summary>The exception and what caused it: network errors hide the reason in the innermost.</summary>
    public string? Error
    {
        get
        {
            var text = Exception is null ? null : Describe(Exception);
            var cause = Exception?.InnerException;
            for (var i = 0; i < MaxCauses && cause is not null; i++, cause = cause.InnerException)
            {
                text += " <- " + Describe(cause);
            }

            return text is null ? null : Cut(text);
        }
    }

    /// <summary>The stack trace, where the entry is an error and has one.</summary>
    public string? Stack => Level >= LogLevel.Error && Exception?.StackTrace is { } stack ? Cut(stack) : null;

    public static string Cut(string text) => text.Length <= MaxTextLength ? text
        : string.Concat(text.AsSpan(0, MaxTextLength - (char.IsHighSurrogate(text[MaxTextLength - 1]) ? 1 : 0)), "…");

    private static string Describe(Exception e) => $"{e.GetType().Name}: {e.Message}";
}
