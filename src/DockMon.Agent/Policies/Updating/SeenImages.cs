using System.Globalization;
using System.Text;
using DockMon.Agent.Commands;
using DockMon.Agent.Storage;
using DockMon.Engine;

namespace DockMon.Agent.Policies.Updating;

/// <summary>
/// When this host has seen an image first: a file for each under <c>$DATA_PATH/images</c>. Whoever publishes an image chooses the time of its creation, and
/// whoever owns the registry that of its publication; this time is nobody's to choose. An image is known by its id, which is made of its content.
/// </summary>
internal sealed class SeenImages(string dataPath, TimeProvider time)
{
    /// <summary>How many are remembered. Of those that were seen first one is forgotten for each new one; it would have to wait again.</summary>
    public const int Limit = 500;

    private readonly string _folder = Path.Combine(dataPath, "images");

    /// <summary>When an image was seen first; now, if it never was.</summary>
    /// <param name="id">Its id.</param>
    /// <exception cref="CommandException">That cannot be remembered.</exception>
    public DateTimeOffset See(string id)
    {
        var name = id.Split(':')[^1];
        if (!ContainerId.IsId(name))
        {
            throw new CommandException($"the engine calls an image {id}, which is no id");
        }

        var (path, now) = (Path.Combine(_folder, name), time.GetUtcNow());
        try
        {
            // A clock that was wrong for a while must not keep an image for ever.
            if (ReadTime(path) is { } seen && seen <= now)
            {
                return seen;
            }

            PrivateFolder.Make(_folder);
            AtomicFile.Write(path, Encoding.ASCII.GetBytes(now.ToString("O", CultureInfo.InvariantCulture)), UnixFileMode.UserRead | UnixFileMode.UserWrite);
            Prune();
            return now;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"when this host has seen an image first cannot be kept in {_folder}: {StorageAdvice.Describe(e, _folder)}");
        }
    }

    private static DateTimeOffset? ReadTime(string path) => File.Exists(path)
        && DateTimeOffset.TryParse(File.ReadAllText(path), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var seen) ? seen : null;

    private void Prune()
    {
        var files = Directory.GetFiles(_folder);
        foreach (var (path, _) in files.Length <= Limit ? [] : files.Select(path => (path, Seen: ReadTime(path) ?? DateTimeOffset.MinValue))
            .OrderBy(file => file.Seen)
            .Take(files.Length - Limit))
        {
            File.Delete(path);
        }
    }
}
