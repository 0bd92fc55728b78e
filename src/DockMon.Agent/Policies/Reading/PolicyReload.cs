using DockMon.Agent.Threading;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Policies.Reading;

/// <summary>Reads the policy again when somebody asks for it (SIGHUP), and puts in force what it has become.</summary>
internal sealed class PolicyReload(PolicyLoader loader, PolicySource policies, ILogger<PolicyReload> logger)
{
    private readonly AsyncSignal _requested = new();

    /// <summary>Asks for it; returns at once.</summary>
    public void Request() => _requested.Set();

    /// <summary>Does what is asked for until <paramref name="ct"/> fires.</summary>
    /// <param name="apply">Ends what is not allowed any more; gets the policy before.</param>
    /// <param name="ct">Ends it.</param>
    public Task RunAsync(Func<HostPolicy, CancellationToken, Task> apply, CancellationToken ct) => BackgroundLoop.RunAsync(
        async stopping =>
        {
            while (true)
            {
                await _requested.WaitAsync(stopping);
                var before = policies.Current;
                policies.Use(loader.Load(before));
                PolicyLog.ReportChange(logger, before, policies.Current);
                await apply(before, stopping);
            }
        },
        ct);
}
