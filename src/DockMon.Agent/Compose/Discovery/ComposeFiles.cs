using System.Text;
using DockMon.Agent.Commands;
using DockMon.Agent.Policies.Redaction;
using DockMon.Agent.Storage;
using DockMon.Protocol;

namespace DockMon.Agent.Compose.Discovery;

/// <summary>Reads one compose file, with its env files, for the server to take over.</summary>
internal static class ComposeFiles
{
    /// <summary>Largest file that is read.</summary>
    public const int SizeLimit = 1024 * 1024;

    private const string EnvName = ".env";
    private const int MostEnvFiles = 100;
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads them.</summary>
    /// <param name="path">The compose file.</param>
    /// <param name="redactor">Says which values are not told.</param>
    public static ReadComposeResult Read(string? path, Redactor redactor)
    {
        try
        {
            return ReadOrThrow(path, redactor);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CommandException or DecoderFallbackException)
        {
            return new ReadComposeResult { Path = path ?? "", Error = $"failed to read compose file: {e.Message}" };
        }
    }

    /// <summary>A file's text, at most <see cref="SizeLimit"/>.</summary>
    public static string ReadText(string path)
    {
        using var file = SafePath.OpenFile(path);
        return ReadText(file, path);
    }

    /// <summary>An open file's text, at most <see cref="SizeLimit"/>.</summary>
    public static string ReadText(FileStream file, string path)
    {
        var buffer = new byte[SizeLimit + 1];
        var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return length > SizeLimit
            ? throw new IOException($"{Path.GetFileName(path)} is larger than {SizeLimit} bytes")
            : Utf8.GetString(buffer, 0, length).TrimStart('\uFEFF');
    }

    private static ReadComposeResult ReadOrThrow(string? path, Redactor redactor)
    {
        if (string.IsNullOrEmpty(path) || path[0] != '/' || path.Contains('\0', StringComparison.Ordinal) || Path.GetFullPath(path) != path)
        {
            throw new CommandException("path must be absolute and have no \"..\" in it");
        }

        if (!ComposeNames.IsComposeFile(Path.GetFileName(path)))
        {
            throw new CommandException("only docker-compose.yml, docker-compose.yaml, compose.yml and compose.yaml are read");
        }

        var folder = Path.GetDirectoryName(path)!;
        if (ComposeNames.IsForbidden(folder))
        {
            throw new CommandException("that directory is never read");
        }

        var content = ReadText(path);
        var names = ComposeModel.Read(content).Services.SelectMany(service => service.EnvFiles).Prepend(EnvName).Select(Plain).Distinct(StringComparer.Ordinal);
        var (read, skipped) = (new Dictionary<string, string>(StringComparer.Ordinal), new List<string>());
        foreach (var name in names)
        {
            if (read.Count < MostEnvFiles
                && name is not ("." or "..")
                && !name.Contains('/', StringComparison.Ordinal)
                && !name.Contains('$', StringComparison.Ordinal)
                && ReadEnv(Path.Combine(folder, name)) is { } text
                && RedactedEnvFile.Read(text, redactor) is { } told)
            {
                read[name] = told;
            }
            else
            {
                skipped.Add(name);
            }
        }

        return new ReadComposeResult
        {
            Success = true,
            Path = path,
            Content = RedactedYaml.Read(content, redactor)
                ?? throw new CommandException("this host's policy redacts values, and the file is written in a way that they cannot be found in it"),
            EnvContent = read.GetValueOrDefault(EnvName, ""),
            EnvFiles = read,
            SkippedEnvFiles = skipped
        };
    }

    private static string Plain(string name) => name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name;

    /// <summary>The file's text; empty when there is none, null when it must not or cannot be read.</summary>
    private static string? ReadEnv(string path)
    {
        if (!Path.Exists(path) && new FileInfo(path).LinkTarget is null)
        {
            return "";
        }

        try
        {
            return ReadText(path);
        }
        catch (Exception e) when (e is IOException or DecoderFallbackException)
        {
            return null;
        }
    }
}
