using System.Globalization;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Configuration;

/// <summary>
/// Environment variables, read by kind. Surrounding white space does not count, and an empty value is an unset one. A value that cannot be
/// used is added to <see cref="Errors"/>, and the default takes its place.
/// </summary>
internal sealed class EnvironmentReader(Func<string, string?> environment)
{
    public const long Mebibyte = 1024 * 1024;

    private const int NameLength = 255;

    // Timers take no more than 49 days; more than one is a mistake.
    private static readonly TimeSpan LongestTime = TimeSpan.FromHours(24);

    private readonly List<ConfigurationError> _errors = [];

    /// <summary>All errors so far, in the order of reading.</summary>
    public IReadOnlyList<ConfigurationError> Errors => _errors;

    public void AddError(ConfigurationError error) => _errors.Add(error);

    public bool HasError(string variable) => _errors.Exists(error => error.Variable == variable);

    public string? Text(string variable) => environment(variable)?.Trim() is { Length: > 0 } text ? text : null;

    public bool Flag(string variable, bool defaultValue) => Choice(
        variable,
        defaultValue,
        "write true or false (1, 0, yes and no do as well)",
        [("true", true), ("1", true), ("yes", true), ("false", false), ("0", false), ("no", false)]);

    public LogLevel Level(string variable, LogLevel defaultValue) => Choice(
        variable,
        defaultValue,
        "write debug, info, warn or error",
        [("debug", LogLevel.Debug), ("info", LogLevel.Information), ("warn", LogLevel.Warning), ("warning", LogLevel.Warning), ("error", LogLevel.Error)]);

    /// <summary>One of several words, in upper or lower case.</summary>
    public T Choice<T>(string variable, T defaultValue, string remedy, ReadOnlySpan<(string Word, T Value)> choices)
    {
        if (Text(variable) is not { } text)
        {
            return defaultValue;
        }

        foreach (var (word, value) in choices)
        {
            if (word.Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return Invalid(variable, text, remedy, defaultValue);
    }

    public TimeSpan Time(string variable, TimeSpan defaultValue, TimeSpan minimum = default)
    {
        if (Text(variable) is not { } text)
        {
            return defaultValue;
        }

        if (!Duration.TryParse(text, out var time))
        {
            var remedy = text.All(char.IsAsciiDigit)
                ? $"a number needs a unit: write {Short(text)}s for seconds or {Short(text)}ms for milliseconds"
                : $"write {Duration.Accepted}";
            return Invalid(variable, text, remedy, defaultValue);
        }

        var shortest = minimum > TimeSpan.Zero ? $"at least {Duration.Format(minimum)}" : "more than 0";
        return time > TimeSpan.Zero && time >= minimum && time <= LongestTime
            ? time
            : Invalid(variable, text, $"it must be {shortest} and at most 24h", defaultValue);
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
        return time >= minimum ? time : Invalid(variable, text, $"it must be at least {Duration.Format(minimum)}, or 0 to turn it off", defaultValue);
    }

    /// <summary>A number of bytes, or of mebibytes with <c>MiB</c> after it; 0 turns off what it is the size of.</summary>
    public long Size(string variable, long defaultValue, long minimum, long maximum)
    {
        if (Text(variable) is not { } text)
        {
            return defaultValue;
        }

        var isMebibytes = text.EndsWith("MiB", StringComparison.OrdinalIgnoreCase);
        return long.TryParse(isMebibytes ? text[..^3].TrimEnd() : text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && (number <= maximum) && (number * (isMebibytes ? Mebibyte : 1)) is var bytes && (bytes == 0 || (bytes >= minimum && bytes <= maximum))
            ? bytes
            : Invalid(
                variable,
                text,
                $"write a number of bytes, or of mebibytes such as 16MiB: from {minimum / Mebibyte}MiB to {maximum / Mebibyte}MiB, or 0 to turn it off",
                defaultValue);
    }

    public string? Name(string variable) => Text(variable) switch
    {
        { Length: > NameLength } text => Invalid<string?>(variable, text, $"it has {text.Length} characters; at most {NameLength} are accepted", null),
        { } text when text.Any(char.IsControl) => Invalid<string?>(variable, text, "it has control characters (a line end?); remove them", null),
        var text => text,
    };

    public string DirectoryPath(string variable, string defaultValue) => Path.GetFullPath(Text(variable) ?? defaultValue);

    /// <summary>A file, by an absolute path.</summary>
    public string? FilePath(string variable) => Text(variable) switch
    {
        null => null,
        ['/', ..] path when !path.EndsWith('/') => Path.GetFullPath(path),
        var text => Invalid<string?>(variable, text, "it must be the absolute path of a file", null),
    };

    /// <summary>A directory of the host, which the agent may not see.</summary>
    public string? HostDirectoryPath(string variable) => Text(variable) switch
    {
        null => null,
        ['/', ..] path => Path.GetFullPath(path),
        var text => Invalid<string?>(variable, text, "it must be an absolute path on the host", null),
    };

    /// <summary>An image's repository without a tag or digest.</summary>
    public string? Repository(string variable) => Text(variable) switch
    {
        { } text when text.Contains('@', StringComparison.Ordinal) || text[(text.LastIndexOf('/') + 1)..].Contains(':', StringComparison.Ordinal) =>
            Invalid<string?>(
                variable,
                text,
                "it must be a repository without a tag, such as registry.example.org/dockmon-agent: the tag is the one the server names",
                null),
        var text => text,
    };

    /// <summary>The beginning of a value, without anything that could break or forge a line.</summary>
    public static string Short(string value)
    {
        const int most = 80;
        var cut = value.Length > most ? value[..most] + "…" : value;
        return string.Concat(cut.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
    }

    private T Invalid<T>(string variable, string value, string remedy, T defaultValue)
    {
        AddError(ConfigurationError.InvalidValue(variable, value, remedy));
        return defaultValue;
    }
}
