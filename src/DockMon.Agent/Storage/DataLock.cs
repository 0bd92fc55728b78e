using DockMon.Agent.Configuration;
using DockMon.Agent.Interop;

namespace DockMon.Agent.Storage;

/// <summary>
/// Keeps a second agent away from a data directory: each would take the other's socket, journals and connection for its own. The kernel holds the lock,
/// and gives it up with the process, however that ends.
/// </summary>
internal sealed class DataLock : IDisposable
{
    private readonly FileStream? _file;

    private DataLock(FileStream? file) => _file = file;

    /// <summary>Takes the lock. Where no file can be written there is none: nothing can be taken over there either.</summary>
    /// <exception cref="ConfigurationException">Another agent has it.</exception>
    public static DataLock Take(string dataPath)
    {
        try
        {
            return new DataLock(new FileStream(Path.Combine(dataPath, "agent.lock"), new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }));
        }
        catch (IOException e) when (e.HResult == Native.WouldBlock)
        {
            throw new ConfigurationException(new(
                "DATA_PATH",
                $"another agent that runs already has the data in {dataPath}",
                "stop that one first, or give this one a DATA_PATH of its own; to look at the one that runs there are the verbs health, doctor and audit"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new DataLock(null); // What is wrong with the directory is said by whoever needs it.
        }
    }

    public void Dispose() => _file?.Dispose();
}
