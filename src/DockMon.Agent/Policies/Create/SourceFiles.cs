namespace DockMon.Agent.Policies.Create;

/// <summary>Files of the host that are read to find out what is to be created.</summary>
/// <param name="Subject">What a refusal calls whatever names them.</param>
/// <param name="Paths">Their clean paths.</param>
/// <param name="Unclear">What may be read that nobody can tell before it is.</param>
internal sealed record SourceFiles(string Subject, IReadOnlyList<string> Paths, IReadOnlyList<string> Unclear)
{
    public static SourceFiles None { get; } = new("", [], []);
}
