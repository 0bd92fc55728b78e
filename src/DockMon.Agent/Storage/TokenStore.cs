using System.Text;
using DockMon.Agent.Configuration;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Storage;

/// <summary>Keeps the permanent token, without which a restarted agent cannot come back.</summary>
internal sealed partial class TokenStore(string dataPath)
{
    private const string Variable = "DATA_PATH";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _path = Path.Combine(dataPath, "permanent_token");

    /// <summary>The store of an agent that is about to start.</summary>
    /// <exception cref="ConfigurationException">There is no token, or a new one could not be saved.</exception>
    public static TokenStore Open(AgentOptions options, ILogger logger)
    {
        var tokens = new TokenStore(options.DataPath);
        var isKnown = (options.PermanentToken ?? tokens.ReadPermanentToken()) is not null;
        try
        {
            tokens.EnsureWritable();
        }
        catch (ConfigurationException e) when (isKnown)
        {
            // A host whose disk is full needs its agent more than ever. Without a permanent token, though, the one-time token would be spent for nothing.
            Log.DataReadOnly(logger, e.Message);
        }

        return options.RegistrationToken is not null || isKnown ? tokens : throw new ConfigurationException(new(
            "REGISTRATION_TOKEN",
            $"REGISTRATION_TOKEN is not set and {options.DataPath} holds no permanent token",
            "make a registration token on the server (Settings, Hosts, Add host, Agent) and set it"));
    }

    /// <summary>The token, or null when none was saved.</summary>
    /// <exception cref="ConfigurationException">There is one that cannot be read or used.</exception>
    public string? ReadPermanentToken()
    {
        string token;
        try
        {
            token = File.ReadAllText(_path).Trim();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure($"The permanent token {_path} cannot be read", e);
        }

        // An empty file is what a full disk leaves of a token that something else wrote.
        return token.Length == 0 ? null
            : TokenVariable.FindError(token) is { } error
                ? throw new ConfigurationException(new(
                    Variable,
                    $"{_path} holds no token",
                    "delete it and register again with a new REGISTRATION_TOKEN",
                    error))
                : token;
    }

    /// <summary>Proves that a token can be saved. Asked before registering, for a registration token works only once.</summary>
    /// <exception cref="ConfigurationException">It cannot; the message says why and what to do.</exception>
    public void EnsureWritable()
    {
        var probe = Path.Combine(dataPath, ".write-test");
        try
        {
            Directory.CreateDirectory(dataPath);
            AtomicFile.Write(probe, new byte[4096], OwnerOnly);
            AtomicFile.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure($"{Variable} {dataPath} cannot be written", e);
        }
    }

    /// <summary>Saves the token so that no power cut loses it.</summary>
    public void SavePermanentToken(string token)
    {
        Directory.CreateDirectory(dataPath);
        AtomicFile.Write(_path, Encoding.UTF8.GetBytes(token), OwnerOnly);
    }

    private ConfigurationException Failure(string problem, Exception e)
    {
        var (reason, remedy) = StorageAdvice.Explain(e, dataPath);
        return new ConfigurationException(new(Variable, problem, remedy ?? $"name another directory in {Variable}", reason), e);
    }

    private static partial class Log
    {
        [LoggerMessage(
            7,
            LogLevel.Error,
            "{Problem}. The agent goes on, but updates no container and not itself, and what a broken connection swallows may be lost")]
        public static partial void DataReadOnly(ILogger logger, string problem);
    }
}
