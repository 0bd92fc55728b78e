using System.Buffers;
using DockMon.Protocol;

namespace DockMon.Agent.Configuration;

/// <summary>Reads single variables, each into its type, or says in one line what is wrong with it. Empty means unset.</summary>
internal sealed class EnvironmentReader(Func<string, string?> environment)
{
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_:-");

    public string? Text(string name) => environment(name)?.Trim() is { Length: > 0 } text ? text : null;

    public bool Switch(string name, bool otherwise) => Text(name)?.ToLowerInvariant() switch
    {
        null => otherwise,
        "true" or "1" or "yes" => true,
        "false" or "0" or "no" => false,
        _ => throw Wrong(name, "true or false"),
    };

    public TimeSpan Time(string name, TimeSpan otherwise) =>
        Text(name) is not { } text ? otherwise
        : Duration.TryParse(text, out var duration) && duration > TimeSpan.Zero ? duration
        : throw Wrong(name, "a duration above zero with its unit, such as 500ms, 1s or 2m");

    public T OneOf<T>(string name, T otherwise, IReadOnlyDictionary<string, T> values) =>
        Text(name) is not { } text ? otherwise
        : values.TryGetValue(text.ToLowerInvariant(), out var value) ? value
        : throw Wrong(name, "one of " + string.Join(", ", values.Keys));

    /// <summary>A token, from the variable or from the file that NAME_FILE names. Its value never gets into a message.</summary>
    public string? Token(string name)
    {
        var fileVariable = name + "_FILE";
        var (token, source) = (Text(name), name);
        if (Text(fileVariable) is { } file)
        {
            if (token is not null)
            {
                throw new ConfigurationException($"{name} and {fileVariable} are both set: set one of them");
            }

            (token, source) = (ReadFile(fileVariable, file), fileVariable);
        }

        return token is null || (token.Length is > 0 and <= RegisterValidation.IdLength && !token.AsSpan().ContainsAnyExcept(TokenCharacters))
            ? token
            : throw new ConfigurationException($"{source} is not a token: tokens have 1 to {RegisterValidation.IdLength} letters, digits, '_', ':' and '-'");
    }

    public ConfigurationException Wrong(string name, string accepted) => new($"{name} is \"{Text(name)?.ReplaceLineEndings(" ")}\": it must be {accepted}");

    private static string ReadFile(string name, string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{name} names {path}, which cannot be read: {e.Message.ReplaceLineEndings(" ")}");
        }
    }
}
