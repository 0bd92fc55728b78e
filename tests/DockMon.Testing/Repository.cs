namespace DockMon.Testing;

/// <summary>Where things are, for a test that runs somewhere below the repository.</summary>
public static class Repository
{
    /// <summary>The directory of the solution file.</summary>
    public static string Root { get; } = Find();

    /// <summary>A program: what <paramref name="variable"/> names, else the one a debug build made, else the published one.</summary>
    public static string Program(string variable, string published, string built)
    {
        if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } path)
        {
            return path;
        }

        string[] places = [Path.Combine(Root, "artifacts", built), Path.Combine(Root, "artifacts", published)];
        return places.FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException($"There is neither {string.Join(" nor ", places)}: build first, or name the program in {variable}.");
    }

    private static string Find()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "DockMon.slnx")))
            {
                return folder;
            }
        }

        throw new DirectoryNotFoundException($"{AppContext.BaseDirectory} lies in no checkout of this repository.");
    }
}
