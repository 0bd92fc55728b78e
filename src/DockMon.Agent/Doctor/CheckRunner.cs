using System.Diagnostics.CodeAnalysis;
using DockMon.Agent.Threading;

namespace DockMon.Agent.Doctor;

/// <summary>Makes checks one after the other. Each has a time limit, so that the whole has one, too.</summary>
internal sealed class CheckRunner(TimeProvider time)
{
    /// <summary>The longest one check may take.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Makes the checks in their order. One that needs another that did not pass is skipped and says which.</summary>
    /// <param name="checks">The checks.</param>
    /// <param name="results">Grows with each; later checks may look at it.</param>
    /// <param name="ct">Gives up.</param>
    public async Task RunAsync(IEnumerable<Check> checks, List<NamedResult> results, CancellationToken ct)
    {
        foreach (var check in checks)
        {
            var missing = results.Find(result => check.Needs.Contains(result.Name) && result.Finding.Status is CheckStatus.Failed or CheckStatus.Skipped);
            results.Add(new NamedResult(check.Name, missing is null ? await RunCheckAsync(check, ct) : CheckResult.Skipped(Why(missing))));
        }
    }

    // Of a row of checks that need one another, all name the one that failed.
    private static string Why(NamedResult missing) => missing.Finding.Status == CheckStatus.Failed ? $"needs {missing.Name}, which failed" : missing.Finding.Found;

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "A check that fails in a way nobody foresaw is a finding, and the others are still wanted.")]
    private async Task<CheckResult> RunCheckAsync(Check check, CancellationToken ct)
    {
        using var limit = new TimeLimit(Limit, time, ct);
        try
        {
            // Not every call can be cancelled: a name server that does not answer is waited for no longer all the same.
            return await check.LookAsync(limit.Token).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return CheckResult.Failed($"no answer within {Limit.TotalSeconds:0} s (timeout)", "see what keeps it from answering, then run this again");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return CheckResult.Failed($"the check itself failed: {e.Message}", "this should not happen: please report it with this line");
        }
    }
}
