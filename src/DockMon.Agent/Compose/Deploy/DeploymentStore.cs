using System.Text.Json;
using System.Text.Json.Serialization;
using DockMon.Agent.Commands;
using DockMon.Agent.Storage;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Compose.Deploy;

/// <summary>A deployment whose server was told that it started, and not yet how it ended.</summary>
internal sealed record DeploymentJournal
{
    /// <summary>The file's name.</summary>
    public required string Key { get; init; }

    public required string DeploymentId { get; init; }

    public required string Action { get; init; }

    public required string Project { get; init; }

    /// <summary>Whether it was begun, so that something may have changed.</summary>
    public bool Begun { get; init; }

    /// <summary>How it ended; null while nobody knows.</summary>
    public DeployComplete? End { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DeploymentJournal))]
internal sealed partial class DeploymentJson : JsonSerializerContext;

/// <summary>
/// The deployments under way, a file each under <c>$DATA_PATH/deployments</c>: whatever becomes of the agent, a server hears how each of them ended.
/// </summary>
internal sealed partial class DeploymentStore(string dataPath, ILogger logger)
{
    /// <summary>Most that may wait or run.</summary>
    public const int Limit = 100;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder = Path.Combine(dataPath, "deployments");

    /// <summary>Keeps one that is about to be answered with "started".</summary>
    /// <exception cref="CommandException">It cannot be kept, or there are too many.</exception>
    public DeploymentJournal Add(DeployComposeRequest request)
    {
        if (Files().Length >= Limit)
        {
            throw new CommandException(
                $"refused to deploy project {request.ProjectName}: {Limit} deployments are under way or wait; ask again when some of them have ended");
        }

        return Save(new DeploymentJournal
        {
            Key = Guid.NewGuid().ToString("N"), DeploymentId = request.DeploymentId!, Action = request.Action ?? "up", Project = request.ProjectName!,
        });
    }

    /// <exception cref="CommandException">It cannot be written.</exception>
    public DeploymentJournal Save(DeploymentJournal journal)
    {
        try
        {
            Directory.CreateDirectory(_folder, OwnerOnly | UnixFileMode.UserExecute);
            AtomicFile.Write(PathOf(journal), JsonSerializer.SerializeToUtf8Bytes(journal, DeploymentJson.Default.DeploymentJournal), OwnerOnly);
            return journal;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"cannot write to {_folder}: {StorageAdvice.Describe(e, _folder)}");
        }
    }

    /// <summary>The server has been told how it ended, or will be by what is on disk elsewhere.</summary>
    public void Remove(DeploymentJournal journal)
    {
        try
        {
            AtomicFile.Delete(PathOf(journal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.JournalUnremovable(logger, journal.DeploymentId, StorageAdvice.Describe(e, _folder));
        }
    }

    /// <summary>What an earlier run of the agent left. A file that is no journal is left alone, and said so.</summary>
    public IReadOnlyList<DeploymentJournal> Read() => [.. Files().Select(ReadOne).OfType<DeploymentJournal>()];

    private DeploymentJournal? ReadOne(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), DeploymentJson.Default.DeploymentJournal) is { } journal
                && journal.Key == Path.GetFileNameWithoutExtension(path)
                ? journal : throw new JsonException("it is not named after itself");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            Log.JournalUnreadable(logger, path, e.Message);
            return null;
        }
    }

    private string[] Files() => Directory.Exists(_folder) ? Directory.GetFiles(_folder, "*.json") : [];

    private string PathOf(DeploymentJournal journal) => Path.Combine(_folder, journal.Key + ".json");

    private static partial class Log
    {
        [LoggerMessage(
            861,
            LogLevel.Warning,
            "The journal of deployment {Deployment} cannot be removed, so its end will be told again after the next start: {Reason}")]
        public static partial void JournalUnremovable(ILogger logger, string deployment, string reason);

        [LoggerMessage(862, LogLevel.Warning, "{Path} is no journal of a deployment that can be read, and is left alone: {Reason}")]
        public static partial void JournalUnreadable(ILogger logger, string path, string reason);
    }
}
