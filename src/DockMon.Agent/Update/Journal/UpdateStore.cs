using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DockMon.Agent.Commands;
using DockMon.Agent.Storage;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Update.Journal;

/// <summary>
/// The updates on disk, one file each under <c>$DATA_PATH/updates</c>: in <c>accepted</c> those that were promised and have changed nothing yet, in the
/// folder itself the journals of running updates, in <c>ended</c> the journals that <see cref="Steps.LateEffectCheck"/> still needs.
/// </summary>
internal sealed partial class UpdateStore
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder;
    private readonly string _accepted;
    private readonly string _ended;
    private readonly TimeProvider _time;
    private readonly ILogger<UpdateStore> _logger;

    public UpdateStore(string dataPath, TimeProvider time, ILogger<UpdateStore> logger)
    {
        (_time, _logger) = (time, logger);
        _folder = Path.Combine(dataPath, "updates");
        (_accepted, _ended) = (Path.Combine(_folder, "accepted"), Path.Combine(_folder, "ended"));
        foreach (var folder in (string[])[_folder, _accepted, _ended])
        {
            _ = PrivateFolder.TryMake(folder); // If the disk refuses, each update is refused with the reason.
        }
    }

    /// <summary>Writes down an update before the server is promised it.</summary>
    /// <exception cref="CommandException">It cannot be written; the message says why and what to do.</exception>
    public void Accept(AcceptedUpdate update) => Write(_accepted, update.Id, update, UpdateJson.Default.AcceptedUpdate);

    /// <summary>Whether an update was promised and has changed nothing yet.</summary>
    public bool IsAccepted(string id) => File.Exists(PathOf(_accepted, id));

    /// <summary>Removes the note of an accepted update: it has a journal now, or has ended without one.</summary>
    public void NoLongerAccepted(string id, string name) => Delete(_accepted, id, name);

    /// <summary>The updates that an earlier run of the agent promised and did not begin.</summary>
    public IReadOnlyList<AcceptedUpdate> Accepted() => ReadAll(_accepted, UpdateJson.Default.AcceptedUpdate, update => update.IsValid);

    /// <summary>Writes the first journal of an update, and removes that of an ended one of the same container.</summary>
    /// <exception cref="CommandException">It cannot be written; the message says why and what to do.</exception>
    public UpdateJournal Open(UpdateJournal journal)
    {
        Close(journal);
        return Save(journal);
    }

    /// <summary>Writes a journal so that a power failure leaves either the old or the new one.</summary>
    /// <exception cref="CommandException">It cannot be written; the message says why and what to do.</exception>
    public UpdateJournal Save(UpdateJournal journal)
    {
        Write(_folder, journal.OldId, journal, UpdateJson.Default.UpdateJournal);
        return journal;
    }

    /// <summary>Writes a journal if the disk lets it: for steps that recovery reaches from the journal before, too.</summary>
    public UpdateJournal SaveIfPossible(UpdateJournal journal)
    {
        try
        {
            Save(journal);
        }
        catch (CommandException e)
        {
            Log.JournalUnwritable(_logger, journal.Name, journal.Step.ToString(), e.Message);
        }

        return journal;
    }

    /// <summary>Whether a container has a journal.</summary>
    public bool Has(string id) => File.Exists(PathOf(_folder, id));

    /// <summary>Moves the journal of an update whose end was reported to the ended ones.</summary>
    public void End(UpdateJournal journal)
    {
        try
        {
            Write(_ended, journal.OldId, journal with { EndedAt = _time.GetUtcNow() }, UpdateJson.Default.UpdateJournal);
        }
        catch (CommandException e)
        {
            UpdateLog.NoLateEffectCheck(_logger, journal.Name, e.Message);
        }

        Remove(journal);
    }

    /// <summary>Removes the journal of an update that needs no check for late effects.</summary>
    public void Remove(UpdateJournal journal) => Delete(_folder, journal.OldId, journal.Name);

    /// <summary>The journals of ended updates.</summary>
    public IReadOnlyList<UpdateJournal> Ended() => ReadAll(_ended, UpdateJson.Default.UpdateJournal, journal => journal.IsValid);

    /// <summary>Whether the container has had no other update since this one ended.</summary>
    public bool IsStillEnded(UpdateJournal journal) =>
        !Has(journal.OldId)
        && ReadOne(PathOf(_ended, journal.OldId), UpdateJson.Default.UpdateJournal, kept => kept.IsValid)?.EndedAt == journal.EndedAt;

    /// <summary>Whether a container has the journal of an ended update.</summary>
    public bool HasEnded(string id) => File.Exists(PathOf(_ended, id));

    /// <summary>Removes the journal of an ended update.</summary>
    public void Close(UpdateJournal journal) => Delete(_ended, journal.OldId, journal.Name);

    /// <summary>The journals of running updates. A file that is not a journal is renamed, and logged.</summary>
    public IReadOnlyList<UpdateJournal> Read() => ReadAll(_folder, UpdateJson.Default.UpdateJournal, journal => journal.IsValid);

    private static string PathOf(string folder, string id) => Path.Combine(folder, id + ".json");

    private static void Write<T>(string folder, string id, T value, JsonTypeInfo<T> type)
    {
        try
        {
            PrivateFolder.Make(folder);
            AtomicFile.Write(PathOf(folder, id), JsonSerializer.SerializeToUtf8Bytes(value, type), Owner);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"cannot write to {folder}: {StorageAdvice.Describe(e, folder)}");
        }
    }

    private void Delete(string folder, string id, string name)
    {
        try
        {
            AtomicFile.Delete(PathOf(folder, id));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.JournalUnremovable(_logger, name, e.Message);
        }
    }

    private IReadOnlyList<T> ReadAll<T>(string folder, JsonTypeInfo<T> type, Func<T, bool> isValid)
        where T : class =>
        !Directory.Exists(folder) ? []
        : [.. Directory.GetFiles(folder, "*.json").Order(StringComparer.Ordinal).Select(path => ReadOne(path, type, isValid)).OfType<T>()];

    private T? ReadOne<T>(string path, JsonTypeInfo<T> type, Func<T, bool> isValid)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), type) is { } read && isValid(read) ? read
                : throw new JsonException("it names no container");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null; // The update has ended since the folder was listed.
        }
        catch (JsonException e)
        {
            Quarantine(path, e.Message);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.JournalUnread(_logger, path, e.Message);
            return null;
        }
    }

    private void Quarantine(string path, string reason)
    {
        var aside = path + ".unreadable";
        try
        {
            File.Move(path, aside, overwrite: true);
            Log.JournalUnreadable(_logger, path, aside, reason);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.JournalUnread(_logger, path, $"{reason}; and it cannot be renamed: {e.Message}");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(508, LogLevel.Warning, "The journal of the update of {Container} cannot be written at step {Step}: {Reason}")]
        public static partial void JournalUnwritable(ILogger logger, string container, string step, string reason);

        [LoggerMessage(
            509,
            LogLevel.Error,
            "{Path} is no journal of an update ({Reason}) and was renamed to {Aside}: "
            + "check whether a container with \"dockmon-old\" or \"dockmon-new\" in its name is left")]
        public static partial void JournalUnreadable(ILogger logger, string path, string aside, string reason);

        [LoggerMessage(
            513,
            LogLevel.Warning,
            "The journal of the update of {Container} cannot be removed; the next start of the agent reads it again: {Reason}")]
        public static partial void JournalUnremovable(ILogger logger, string container, string reason);

        [LoggerMessage(
            523,
            LogLevel.Error,
            "{Path} cannot be read ({Reason}), so its update is not recovered: "
            + "check whether a container with \"dockmon-old\" or \"dockmon-new\" in its name is left")]
        public static partial void JournalUnread(ILogger logger, string path, string reason);
    }
}
