namespace DockMon.Agent.Policies.Reading;

/// <summary>Something in a policy that is wrong.</summary>
/// <param name="Line">The line of the file, from 1.</param>
/// <param name="Problem">What is wrong, and what would be right.</param>
internal sealed record PolicyError(long Line, string Problem)
{
    public override string ToString() => $"line {Line}: {Problem}";
}
