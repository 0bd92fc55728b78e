using DockMon.Agent.Threading;
using DockMon.Engine;

namespace DockMon.Agent.Health;

/// <summary>Whether the engine answers. It is asked when somebody wants to know, and not again soon after it did answer.</summary>
internal sealed class EngineProbe(EngineClient engine, TimeProvider time) : IDisposable
{
    /// <summary>How long an answer counts.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    /// <summary>How long an answer may take; less than whoever asks for the agent's health waits.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    private readonly SemaphoreSlim _one = new(1);
    private long? _answered;

    /// <summary>How long ago the engine last answered; null when it never did.</summary>
    public TimeSpan? SinceAnswer => _answered is { } then ? time.GetElapsedTime(then) : null;

    /// <summary>Asks it if need be.</summary>
    /// <returns>Why it does not answer; null when it does.</returns>
    public async Task<string?> AskAsync(CancellationToken ct)
    {
        using var limit = new TimeLimit(Limit, time, ct);
        try
        {
            await _one.WaitAsync(limit.Token);
            try
            {
                if (SinceAnswer is not { } age || age >= Every)
                {
                    await engine.PingAsync(limit.Token);
                    _answered = time.GetTimestamp();
                }

                return null;
            }
            finally
            {
                _one.Release();
            }
        }
        catch (OperationCanceledException) when (limit.IsOver)
        {
            return $"the Docker engine does not answer within {Limit.TotalSeconds:0} s (timeout)";
        }
        catch (EngineException e)
        {
            return e.Message;
        }
    }

    public void Dispose() => _one.Dispose();
}
