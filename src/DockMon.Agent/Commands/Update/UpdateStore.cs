using System.Text.Json;
using DockMon.Agent.Hosting;

namespace DockMon.Agent.Commands.Update;

/// <summary>The journals, one file for each update under way, under <c>$DATA_PATH/updates</c>.</summary>
internal sealed class UpdateStore
{
    private readonly string _folder;

    public UpdateStore(string dataPath)
    {
        _folder = Path.Combine(dataPath, "updates");
        Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Writes a journal so that a power cut leaves either the old or the new one.</summary>
    public UpdateJournal Save(UpdateJournal journal)
    {
        AtomicFile.Write(PathOf(journal), JsonSerializer.SerializeToUtf8Bytes(journal, UpdateJson.Default.UpdateJournal), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return journal;
    }

    /// <summary>The update has come to its end, whichever.</summary>
    public void Remove(UpdateJournal journal) => File.Delete(PathOf(journal));

    /// <summary>What an earlier run of the agent left. Dependents first: the container they depend on waits for them.</summary>
    public IReadOnlyList<UpdateJournal> Read() =>
        [.. Directory.GetFiles(_folder, "*.json")
            .Select(path => JsonSerializer.Deserialize(File.ReadAllBytes(path), UpdateJson.Default.UpdateJournal)!)
            .OrderByDescending(journal => journal.IsDependent)];

    private string PathOf(UpdateJournal journal) => Path.Combine(_folder, journal.OldId + ".json");
}
