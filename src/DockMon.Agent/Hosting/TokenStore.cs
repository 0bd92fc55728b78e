using System.Text;
using DockMon.Agent.Configuration;

namespace DockMon.Agent.Hosting;

/// <summary>Keeps the permanent token in the data directory.</summary>
internal sealed class TokenStore(string dataPath)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private string TokenPath => Path.Combine(dataPath, "permanent_token");

    /// <summary>The token of an earlier registration; null when there is none.</summary>
    /// <exception cref="ConfigurationException">There is one, and it cannot be read.</exception>
    public string? ReadPermanentToken()
    {
        try
        {
            return File.ReadAllText(TokenPath).Trim() is { Length: > 0 } token ? token : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{TokenPath} cannot be read by user {Environment.UserName}: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>Proves that a token could be kept, by writing one beside it.</summary>
    /// <exception cref="ConfigurationException">It could not; the message says why and what to do.</exception>
    public void EnsureWritable()
    {
        var probe = Path.Combine(dataPath, ".write-test");
        try
        {
            Directory.CreateDirectory(dataPath);
            AtomicFile.Write(probe, new byte[4096], OwnerOnly);
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(
                $"DATA_PATH {dataPath} cannot be written by user {Environment.UserName} ({e.Message.ReplaceLineEndings(" ").TrimEnd('.')}): mount a named volume there (-v dockmon-agent-data:/data), free space on it, or give it to this user. "
                + "The permanent token has to be kept there");
        }
    }

    /// <summary>Keeps the token, readable by the owner alone.</summary>
    public void SavePermanentToken(string token) => AtomicFile.Write(TokenPath, Encoding.ASCII.GetBytes(token), OwnerOnly);
}
