namespace DockMon.Agent.Audit.Chain;

/// <summary>Something that is wrong with the chain.</summary>
/// <param name="File">The file it was found in; null when it is about none.</param>
/// <param name="Line">The line in it; null when it is about none.</param>
/// <param name="Problem">What is wrong.</param>
internal sealed record AuditProblem(string? File, int? Line, string Problem)
{
    public override string ToString() => File is null ? Problem : $"{File} line {Line}: {Problem}";
}

/// <summary>What was found out about the chain.</summary>
/// <param name="Ok">Whether nothing is wrong.</param>
/// <param name="Records">How many records there are.</param>
/// <param name="First">The number of the first; 0 when there is none.</param>
/// <param name="Last">The number of the last.</param>
/// <param name="Hash">The SHA-256 of its line, to be compared with what was kept elsewhere.</param>
/// <param name="Problems">What is wrong.</param>
/// <param name="Notes">What is to be known of it, and is not wrong.</param>
internal sealed record AuditVerdict(
    bool Ok, int Records, long First, long Last, string? Hash, IReadOnlyList<AuditProblem> Problems, IReadOnlyList<string> Notes);
