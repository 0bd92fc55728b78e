using System.Diagnostics.CodeAnalysis;
using DockMon.Agent.Threading;

namespace DockMon.Agent.Doctor;

/// <summary>Runs checks one after the other, each within a time limit.</summary>
internal sealed class CheckRunner(TimeProvider time)
{
    /// <summary>The longest one check may take.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Runs the checks in order. A check that needs one that failed or was skipped is skipped, too.</summary>
    /// <param name="checks">The checks.</param>
    /// <param name="results">Gets the result of each check; later checks may read it.</param>
    /// <param name="ct">Gives up.</param>
    public async Task RunAsync(IEnumerable<Check> checks, List<NamedResult> results, CancellationToken ct)
    {
        foreach (var check in checks)
        {
            var missing = results.Find(result => check.Needs.Contains(result.Name) && result.Finding.Status is CheckStatus.Failed or CheckStatus.Skipped);
            results.Add(new NamedResult(check.Name, missing is null ? await RunCheckAsync(check, ct) : CheckResult.Skipped(ReasonToSkip(missing))));
        }
    }

    // In a row of checks that need one another, all name the one that failed.
    private static string ReasonToSkip(NamedResult missing) =>
        missing.Finding.Status == CheckStatus.Failed ? $"needs {missing.Name}, which failed" : missing.Finding.Found;

    [SuppressMessage(
        "Design",
        "CA1031:Do not catch general exception types",
        Justification = "An unexpected error of a check is its result; the other checks still run.")]
    private async Task<CheckResult> RunCheckAsync(Check check, CancellationToken ct)
    {
        using var limit = new TimeLimit(Limit, time, ct);
        try
        {
            // Not every call can be cancelled: a DNS query may go on after its time, but nobody waits for it.
            return await check.LookAsync(limit.Token).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return CheckResult.Failed($"no answer within {Limit.TotalSeconds:0} s (timeout)", "find out why it does not answer, then run doctor again");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return CheckResult.Failed($"the check itself failed: {e.Message}", "this is an unexpected error: please report it with this line");
        }
    }
}
