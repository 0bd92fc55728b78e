namespace DockMon.Agent.Storage;

/// <summary>Folders that are nobody's but the agent's.</summary>
internal static class PrivateFolder
{
    /// <summary>Makes one where there is none.</summary>
    /// <returns>Its whole path.</returns>
    public static string Make(string path) =>
        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;

    /// <summary>Makes one if that can be done: an agent that the server knows goes on where nothing can be written.</summary>
    public static bool TryMake(string path)
    {
        try
        {
            Make(path);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // Whoever writes there says why it cannot be done.
        }
    }
}
