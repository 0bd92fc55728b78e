using DockMon.Agent.Commands;
using DockMon.Agent.Linux;
using DockMon.Agent.Threading;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Hosting;

/// <summary>
/// Which container the agent runs in, as far as that is known: an engine that is just starting answers with errors for a while. Until it has really
/// answered it is asked again, and nothing is done that might end the agent itself.
/// </summary>
internal sealed partial class OwnContainer(EngineClient engine, Func<CancellationToken, Task<SelfContainer?>> detect, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private volatile Answer? _answer;
    private volatile string _failure = "it was not asked yet";
    private int _told;

    /// <summary>Raised once, when it has become known.</summary>
    public event Action? Found;

    /// <summary>Whether the engine has answered.</summary>
    public bool IsKnown => _answer is not null;

    /// <summary>The container; null when it runs in none, or when that is not known yet.</summary>
    public SelfContainer? Current => _answer?.Container;

    /// <summary>The container, for whoever is about to do what might end the agent; null when it runs in none.</summary>
    /// <exception cref="CommandException">It is not known yet.</exception>
    public SelfContainer? Require() => _answer is { } answer ? answer.Container
        : throw new CommandException(
            $"refused: the engine could not tell yet whether the agent itself runs in one of its containers, which this might end ({_failure}). "
            + "It is asked again at least once a minute: try again then");

    /// <summary>Looks for the container among those of an engine.</summary>
    public static OwnContainer Create(AgentContext context, EngineClient engine)
    {
        var logger = context.CreateLogger<SelfContainer>();
        return new OwnContainer(
            engine,
            ct => SelfContainer.DetectAsync(engine, Machine.Current, Environment.GetEnvironmentVariable("HOSTNAME"), logger, ct),
            context.Time,
            context.CreateLogger<OwnContainer>());
    }

    /// <summary>Refuses what would end the agent itself: an agent that stops itself can never be told to start again.</summary>
    /// <param name="container">Which container it is about: its id, the beginning of it, or its name.</param>
    /// <param name="refusal">What is said to whoever asked.</param>
    /// <param name="ct">Ends the question to the engine.</param>
    /// <exception cref="CommandException">It is the agent's own container, or it is not known yet which that is.</exception>
    /// <exception cref="EngineException">The engine does not say which container is meant.</exception>
    public async Task RefuseAsync(string container, Func<SelfContainer, string> refusal, CancellationToken ct)
    {
        // Docker takes any unique beginning of an id, and names change: only what it says itself is sure. Where it does not say, nothing is done.
        if (Require() is { } self && (self.Is(container) || await FindIdAsync(container, ct) == self.Id))
        {
            throw new CommandException(refusal(self));
        }
    }

    /// <summary>Asks once, unless it is known.</summary>
    public async Task LookAsync(CancellationToken ct)
    {
        if (IsKnown)
        {
            return;
        }

        try
        {
            var answer = new Answer(await detect(ct));
            if (Interlocked.CompareExchange(ref _answer, answer, null) is null)
            {
                Found?.Invoke();
            }
        }
        catch (EngineException e)
        {
            _failure = e.Message;
            if (Interlocked.Exchange(ref _told, 1) == 0)
            {
                Log.SelfUnknown(logger, e.Message);
            }
        }
    }

    /// <summary>Asks, at growing intervals, until it is known or <paramref name="ct"/> fires; completes only then.</summary>
    public Task RunAsync(CancellationToken ct) => BackgroundLoop.RunAsync(LookAgainAsync, ct);

    private async Task LookAgainAsync(CancellationToken ct)
    {
        var wait = FirstWait;
        while (true)
        {
            // The first look is the registration's, as a rule.
            await Task.Delay(IsKnown ? Timeout.InfiniteTimeSpan : wait, time, ct);
            await LookAsync(ct);
            wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
        }
    }

    private async Task<string?> FindIdAsync(string container, CancellationToken ct)
    {
        try
        {
            return (await engine.InspectContainerAsync(container, ct)).Id;
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return null; // The work itself will say so.
        }
    }

    private sealed record Answer(SelfContainer? Container);

    private static partial class Log
    {
        [LoggerMessage(
            406,
            LogLevel.Warning,
            "The engine cannot tell yet which container this agent runs in; until it can, nothing is done that might end the agent itself: {Reason}")]
        public static partial void SelfUnknown(ILogger logger, string reason);
    }
}
