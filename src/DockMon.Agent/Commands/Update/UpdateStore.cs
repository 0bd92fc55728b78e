using System.Text.Json;
using DockMon.Agent.Hosting;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Commands.Update;

/// <summary>The journals, one file for each update under way, under <c>$DATA_PATH/updates</c>.</summary>
internal sealed class UpdateStore
{
    private readonly string _folder;
    private readonly ILogger<UpdateStore> _logger;

    public UpdateStore(string dataPath, ILogger<UpdateStore> logger)
    {
        _logger = logger;
        _folder = Path.Combine(dataPath, "updates");
        _ = PrivateFolder.TryMake(_folder); // Where the disk refuses, each update says so when it is asked for.
    }

    /// <summary>Writes a journal so that a power cut leaves either the old or the new one.</summary>
    /// <exception cref="CommandException">It cannot be written; the message says why and what to do.</exception>
    public UpdateJournal Save(UpdateJournal journal)
    {
        try
        {
            PrivateFolder.Make(_folder);
            AtomicFile.Write(PathOf(journal), JsonSerializer.SerializeToUtf8Bytes(journal, UpdateJson.Default.UpdateJournal), UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return journal;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"cannot write to {_folder}: {StorageFailure.Describe(e, _folder)}");
        }
    }

    /// <summary>Writes a journal where the step before it would lead a recovery to the same end.</summary>
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
    public bool Has(string id) => File.Exists(PathOf(id));

    /// <summary>The update has come to its end, whichever.</summary>
    public void Remove(UpdateJournal journal)
    {
        try
        {
            File.Delete(PathOf(journal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.JournalUnremovable(_logger, journal.Name, e.Message);
        }
    }

    /// <summary>What an earlier run of the agent left. A file that is no journal is set aside, and said so.</summary>
    public IReadOnlyList<UpdateJournal> Read() =>
        !Directory.Exists(_folder) ? [] : [.. Directory.GetFiles(_folder, "*.json").Order(StringComparer.Ordinal).Select(ReadOne).OfType<UpdateJournal>()];

    private UpdateJournal? ReadOne(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), UpdateJson.Default.UpdateJournal) is { IsValid: true } journal ? journal : throw new JsonException("it names no container");
        }
        catch (FileNotFoundException)
        {
            return null; // That update has ended since the folder was read.
        }
        catch (JsonException e)
        {
            var aside = path + ".unreadable";
            Log.JournalUnreadable(_logger, path, aside, e.Message);
            File.Move(path, aside, overwrite: true);
            return null;
        }
    }

    private string PathOf(UpdateJournal journal) => PathOf(journal.OldId);

    private string PathOf(string id) => Path.Combine(_folder, id + ".json");
}
