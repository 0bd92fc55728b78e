using DockMon.Agent.Configuration;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Connection.Registration;

/// <summary>What is said at each start of a connection that others could listen to or take over.</summary>
internal static partial class ServerWarnings
{
    public static void Write(AgentOptions options, ILogger logger)
    {
        if (options.InsecureSkipVerify)
        {
            Log.Insecure(logger);
        }

        if (options.ServerUrl is { Scheme: "ws", IsLoopback: false })
        {
            Log.NotEncrypted(logger, options.ServerUrl.Authority);
        }

        if (options.Identity.ClientKeyFile is { } keyFile && CertificateFiles.IsReadableByAll(keyFile))
        {
            Log.KeyReadable(logger, keyFile);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(115, LogLevel.Warning, ServerAddress.NotVerified)]
        public static partial void Insecure(ILogger logger);

        [LoggerMessage(126, LogLevel.Warning, "Every user may read the agent's key {File} (CLIENT_KEY_FILE): take that right away (chmod o-r)")]
        public static partial void KeyReadable(ILogger logger, string file);

        [LoggerMessage(
            120,
            LogLevel.Warning,
            "The connection to {Server} is " + ServerAddress.NotEncrypted + ": " + ServerAddress.NotEncryptedRisk + "; " + ServerAddress.NotEncryptedRemedy)]
        public static partial void NotEncrypted(ILogger logger, string server);
    }
}
