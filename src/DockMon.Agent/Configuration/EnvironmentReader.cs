using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Configuration;

/// <summary>Reads variables by kind. Surrounding white space does not count, and an empty value is an unset one.</summary>
internal sealed class EnvironmentReader(Func<string, string?> environment)
{
    private const int NameLength = 255;

    // Timers take no more than 49 days, and nobody means more than one.
    private static readonly TimeSpan LongestTime = TimeSpan.FromHours(24);

    public string? Text(string variable) => environment(variable)?.Trim() is { Length: > 0 } text ? text : null;

    public bool Flag(string variable, bool defaultValue) => Text(variable) switch
    {
        null => defaultValue,
        { } text when text.ToLowerInvariant() is "true" or "1" or "yes" => true,
        { } text when text.ToLowerInvariant() is "false" or "0" or "no" => false,
        { } text => throw Wrong(variable, text, "write true or false (1, 0, yes and no do as well)"),
    };

    public LogLevel Level(string variable, LogLevel defaultValue) => Text(variable) switch
    {
        null => defaultValue,
        { } text => text.ToLowerInvariant() switch
        {
            "debug" => LogLevel.Debug,
            "info" => LogLevel.Information,
            "warn" or "warning" => LogLevel.Warning,
            "error" => LogLevel.Error,
            _ => throw Wrong(variable, text, "write debug, info, warn or error"),
        },
    };

    public TimeSpan Time(string variable, TimeSpan defaultValue, TimeSpan minimum = default)
    {
        var text = Text(variable);
        if (text is null)
        {
            return defaultValue;
        }

        if (!Duration.TryParse(text, out var time))
        {
            throw Wrong(variable, text, text.All(char.IsAsciiDigit)
                ? $"a number needs a unit: write {Short(text)}s for seconds or {Short(text)}ms for milliseconds"
                : $"write {Duration.Accepted}");
        }

        return time > TimeSpan.Zero && time >= minimum && time <= LongestTime ? time
            : throw Wrong(variable, text, $"it must be {(minimum > TimeSpan.Zero ? $"at least {Duration.Format(minimum)}" : "more than 0")} and at most 24h");
    }

    /// <summary>An interval; 0 turns off what it is the interval of.</summary>
    public TimeSpan Interval(string variable, TimeSpan defaultValue, TimeSpan minimum)
    {
        if (Text(variable) is not { } text)
        {
            return defaultValue;
        }

        if (text == "0" || (Duration.TryParse(text, out var given) && given == TimeSpan.Zero))
        {
            return TimeSpan.Zero;
        }

        var time = Time(variable, defaultValue);
        return time >= minimum ? time : throw Wrong(variable, text, $"it must be at least {Duration.Format(minimum)}, or 0 to turn it off");
    }

    public string? Name(string variable)
    {
        var text = Text(variable);
        return text is null ? null
            : text.Length > NameLength ? throw Wrong(variable, text, $"it has {text.Length} characters; at most {NameLength} are accepted")
            : text.Any(char.IsControl) ? throw Wrong(variable, text, "it has control characters (a line end?); remove them")
            : text;
    }

    public string DirectoryPath(string variable, string defaultValue) => Path.GetFullPath(Text(variable) ?? defaultValue);

    /// <summary>An error of one line, whatever is in the value.</summary>
    public static ConfigurationException Wrong(string variable, string value, string remedy) =>
        new($"{variable} is \"{Short(value)}\": {remedy}");

    /// <summary>The beginning of a value, without anything that could break or forge a line.</summary>
    public static string Short(string value)
    {
        const int most = 80;
        var cut = value.Length > most ? value[..most] + "…" : value;
        return string.Concat(cut.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
    }
}
