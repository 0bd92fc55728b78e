namespace DockMon.Agent.Linux;

/// <summary>Tells starts of the machine apart: what ended with one did not fail by itself.</summary>
internal static class Boot
{
    /// <summary>The present one's number; null where the kernel does not show it. In a container it is the host's.</summary>
    public static string? Id { get; } = Read("/proc/sys/kernel/random/boot_id");

    /// <summary>Whether the machine was started again since; false where that is not known.</summary>
    public static bool IsAnother(string? then, string? now) => then is not null && now is not null && then != now;

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
