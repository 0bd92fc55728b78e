using System.Text;
using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Compose.Deploy.Tool;
using DockMon.Agent.Storage;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Compose.Deploy.Project;

/// <summary>
/// Credentials for one deployment, as Docker's programs read them: a directory that only the agent can enter, gone when the deployment ends, or when
/// the agent starts again after it was killed in the middle.
/// </summary>
internal sealed class RegistryConfig : IDisposable
{
    /// <summary>What Docker's programs call Docker Hub.</summary>
    private const string DockerHub = "https://index.docker.io/v1/";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerOnly | UnixFileMode.UserExecute;

    private readonly ILogger _logger;

    private RegistryConfig(string folder, ILogger logger) => (Folder, _logger) = (folder, logger);

    /// <summary>The directory, for <c>DOCKER_CONFIG</c>.</summary>
    public string Folder { get; }

    /// <summary>Where all of them are, below <paramref name="dataPath"/>.</summary>
    public static string Root(string dataPath) => Path.Combine(dataPath, "registries");

    /// <summary>Removes what a killed agent left; before the first deployment.</summary>
    public static void Clear(string dataPath)
    {
        if (Directory.Exists(Root(dataPath)))
        {
            Directory.Delete(Root(dataPath), recursive: true);
        }
    }

    /// <summary>Writes them down; null when there are none, and what is set up on this machine counts.</summary>
    /// <param name="dataPath">The agent's directory.</param>
    /// <param name="credentials">The credentials.</param>
    /// <param name="logger">Is told when they cannot be removed afterwards.</param>
    /// <param name="write">Puts the content into the new file; null is the usual way.</param>
    /// <exception cref="CommandException">They cannot be written; nothing of them is left.</exception>
    public static RegistryConfig? Write(
        string dataPath,
        IReadOnlyList<RegistryCredentials>? credentials,
        ILogger logger,
        Action<FileStream, byte[]>? write = null)
    {
        if (credentials is null or [])
        {
            return null;
        }

        var config = new RegistryConfig(Path.Combine(Root(dataPath), Guid.NewGuid().ToString("N")), logger);
        try
        {
            Directory.CreateDirectory(Root(dataPath), OwnerFolder);
            Directory.CreateDirectory(config.Folder, OwnerFolder);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly, BufferSize = 0 };
            using var file = new FileStream(Path.Combine(config.Folder, "config.json"), options);
            (write ?? ((to, content) => to.Write(content)))(file, ToJson(credentials));
            return config;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A disk that fills in the middle has half of the passwords on it.
            config.Dispose();
            throw new CommandException($"cannot write the registries' passwords to {Root(dataPath)}: {StorageAdvice.Describe(e, dataPath)}");
        }
    }

    /// <summary>The file's content.</summary>
    public static byte[] ToJson(IReadOnlyList<RegistryCredentials> credentials)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteStartObject("auths");
            foreach (var registry in credentials.GroupBy(entry => Key(entry.RegistryUrl), StringComparer.Ordinal))
            {
                var entry = registry.Last();
                json.WriteStartObject(registry.Key);
                json.WriteString("auth", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{entry.Username}:{entry.Password}")));
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    /// <summary>The registry's name in that file: host and port, and Docker Hub's own.</summary>
    public static string Key(string? registry)
    {
        var host = (registry ?? "").Trim();
        var scheme = host.IndexOf("://", StringComparison.Ordinal);
        host = (scheme < 0 ? host : host[(scheme + 3)..]).Split('/')[0];
        return host.ToLowerInvariant() is "" or "docker.io" or "index.docker.io" ? DockerHub : host;
    }

    /// <summary>Removes them. What cannot be removed now is when the agent starts the next time; the deployment has not failed for it.</summary>
    public void Dispose()
    {
        try
        {
            if (Directory.Exists(Folder))
            {
                Directory.Delete(Folder, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            ComposeLog.RegistriesLeft(_logger, Folder, StorageAdvice.Describe(e, Folder));
        }
    }
}
