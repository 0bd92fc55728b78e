using System.Text.Json;
using System.Text.Json.Serialization;

namespace DockMon.Cli;

/// <summary>Which hub, and how: from options, the environment, or the file that <c>dockmon login</c> writes, in this order.</summary>
internal sealed record Settings
{
    public string? Hub { get; init; }

    /// <summary>API token. Secret.</summary>
    public string? Token { get; init; }

    /// <summary>File with the authorities that the hub's certificate is to be of.</summary>
    public string? CaFile { get; init; }

    /// <summary>The hub's key: <c>sha256/</c> and the Base64 of the SHA-256 of its SubjectPublicKeyInfo.</summary>
    public string? Pin { get; init; }

    /// <summary>Where the file lies.</summary>
    public static string FilePath(Func<string, string?> environment)
    {
        var folder = environment("XDG_CONFIG_HOME") is { Length: > 0 } configured ? configured
            : Path.Combine(
                environment("HOME") ?? throw new CliException(ExitCodes.Usage, "HOME is not set: name the hub with DOCKMON_HUB and DOCKMON_TOKEN"), ".config");
        return Path.Combine(folder, "dockmon", "config.json");
    }

    public static Settings Load(Arguments arguments, Func<string, string?> environment)
    {
        var (hub, ca, pin) = (arguments.Option("--hub"), arguments.Option("--ca"), arguments.Option("--pin"));
        string? Text(string name) => environment(name) is { Length: > 0 } text ? text.Trim() : null;
        var named = new Settings
        {
            Hub = hub ?? Text("DOCKMON_HUB"),
            Token = Text("DOCKMON_TOKEN"),
            CaFile = ca ?? Text("DOCKMON_CA"),
            Pin = pin ?? Text("DOCKMON_PIN"),
        };
        var stored = named.Hub is not null && named.Token is not null ? new Settings() : Read(FilePath(environment));

        // A stored token goes to the hub that it was stored for, and to no other one.
        var same = named.Hub is null || named.Hub.TrimEnd('/') == stored.Hub;
        return new Settings
        {
            Hub = (named.Hub ?? stored.Hub)?.TrimEnd('/'),
            Token = named.Token ?? (same ? stored.Token : null),
            CaFile = named.CaFile ?? (same ? stored.CaFile : null),
            Pin = named.Pin ?? (same ? stored.Pin : null),
        };
    }

    /// <summary>Writes the file, readable by nobody else.</summary>
    public void Save(string path)
    {
        const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, Private | UnixFileMode.UserExecute);
        var temporary = path + ".new";
        File.Delete(temporary);
        using (var file = new FileStream(temporary, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Private }))
        {
            JsonSerializer.Serialize(file, this, SettingsJson.Default.Settings);
        }

        File.Move(temporary, path, overwrite: true);
    }

    private static Settings Read(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), SettingsJson.Default.Settings) ?? new Settings() : new Settings();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new CliException(ExitCodes.Usage, $"{path} cannot be read ({e.Message}): run dockmon login again");
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(Settings))]
internal sealed partial class SettingsJson : JsonSerializerContext;
