using System.Text;
using DockMon.Agent.Storage;

namespace DockMon.Agent.Compose.Deploy;

/// <summary>
/// What a project's files came to when compose resolved them: all that compose is given from then on. It is kept where no container of the project can write,
/// so that what was checked is what runs, and what a later <c>restart</c> or <c>down</c> works on.
/// </summary>
internal sealed class AcceptedModel(string dataPath, string project)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerOnly | UnixFileMode.UserExecute;

    /// <summary>The directory of all of them.</summary>
    public string Root { get; } = RootOf(dataPath);

    /// <summary>The directory, where compose runs.</summary>
    public string Folder { get; } = Path.Combine(RootOf(dataPath), project);

    public string File => Path.Combine(Folder, "model.yml");

    /// <summary>
    /// The project's <c>.env</c>, which the model needs no more, but compose's own settings and secrets with
    /// <c>environment:</c> do. Empty where there is none, or compose would look for one.
    /// </summary>
    public string EnvFile => Path.Combine(Folder, "variables.env");

    public bool Exists => System.IO.File.Exists(File);

    public static string RootOf(string dataPath) => Path.Combine(dataPath, "compose");

    public void Write(string model, string variables)
    {
        Directory.CreateDirectory(Root, OwnerFolder);
        Directory.CreateDirectory(Folder, OwnerFolder);
        AtomicFile.Write(EnvFile, Encoding.UTF8.GetBytes(variables), OwnerOnly);
        AtomicFile.Write(File, Encoding.UTF8.GetBytes(model), OwnerOnly);
    }

    public void Remove()
    {
        if (Directory.Exists(Folder))
        {
            Directory.Delete(Folder, recursive: true);
        }
    }
}
