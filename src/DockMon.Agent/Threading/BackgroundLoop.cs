namespace DockMon.Agent.Threading;

/// <summary>Work without an end of its own: it goes on until it is cancelled.</summary>
internal static class BackgroundLoop
{
    /// <summary>
    /// Runs it. The returned task completes when <paramref name="stopping"/> is cancelled and the work
    /// has ended by that; another cancellation is a failure of the work.
    /// </summary>
    public static async Task RunAsync(Func<CancellationToken, Task> work, CancellationToken stopping)
    {
        try
        {
            await work(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // As it should end.
        }
    }
}
