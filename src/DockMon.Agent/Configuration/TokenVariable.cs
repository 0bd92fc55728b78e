using System.Buffers;
using System.Text;
using DockMon.Engine;

namespace DockMon.Agent.Configuration;

/// <summary>A token given in a variable, or in a file that another variable names. No message shows its value.</summary>
internal static class TokenVariable
{
    private const int MaxLength = 255;

    // More than any token with the white space around it; keeps a wrong path from being read whole.
    private const int MaxFileBytes = 4096;

    // What can stand in a header. Which of these a server uses is its own business, but nobody's tokens have quotes, and <token> stands for one in manuals.
    private static readonly SearchValues<char> Characters =
        SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(code => (char)code).Where(c => c is not ('"' or '\'' or '`' or '<' or '>'))]);

    /// <summary>Reads the token; null when there is none that can be used.</summary>
    public static string? Read(EnvironmentReader variables, string variable)
    {
        var fileVariable = variable + "_FILE";
        var value = variables.Text(variable);
        var path = variables.Text(fileVariable);
        if (value is not null && path is not null)
        {
            return Invalid(variable, $"{variable} and {fileVariable} are both set", "set only one of them");
        }

        if (path is not null)
        {
            try
            {
                value = ReadFile(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                var reason = e is FileNotFoundException or DirectoryNotFoundException ? "no such file"
                    : e is UnauthorizedAccessException ? "no permission to read it, or it is a directory"
                    : EnvironmentReader.Short(e.Message);
                return Invalid(
                    fileVariable,
                    $"{fileVariable} is \"{EnvironmentReader.Short(path)}\", which cannot be read ({reason})",
                    "name a file that holds the token and nothing else");
            }

            return FindError(value) is { } fileError
                ? Invalid(
                    fileVariable,
                    $"{fileVariable} is \"{EnvironmentReader.Short(path)}\", whose content is no token",
                    "write the token, and nothing else, into the file",
                    fileError)
                : value;
        }

        return value is not null && FindError(value) is { } error
            ? Invalid(variable, $"{variable} is no token", "set it to the token as the server shows it", error)
            : value;

        string? Invalid(string name, string problem, string remedy, string? reason = null)
        {
            variables.AddError(new ConfigurationError(name, problem, remedy, reason));
            return null;
        }
    }

    /// <summary>What is wrong with a token, given by whomever, without any of it; null when nothing is.</summary>
    public static string? FindError(string token) => token.Length switch
    {
        0 => "it is empty",
        > MaxLength => $"it has more than {MaxLength} characters",
        _ when token.AsSpan().ContainsAnyExcept(Characters) => "only letters, digits and punctuation of ASCII are accepted, without spaces, quotes, < and >",
        _ => null,
    };

    private static string ReadFile(string path)
    {
        // Opening a pipe waits for whoever writes into it. What cannot be asked for its kind fails when it is opened.
        if (FileStatus.Read(path) is { IsRegular: false, IsDirectory: false })
        {
            throw new IOException("it is no regular file");
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        var buffer = new byte[MaxFileBytes];
        var length = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return Encoding.UTF8.GetString(buffer.AsSpan(0, length)).Trim();
    }
}
