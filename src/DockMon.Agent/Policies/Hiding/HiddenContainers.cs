using System.Collections.Concurrent;
using System.Collections.Frozen;
using DockMon.Agent.Policies.Facts;
using DockMon.Engine;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DockMon.Agent.Policies.Hiding;

/// <summary>
/// The containers that the policy hides from the server. What a rule goes by never changes but for the name, which every list and event tells: each container
/// is inspected once. One of which nothing is known, because the engine did not tell, is hidden until it does.
/// </summary>
/// <param name="policies">Says which.</param>
/// <param name="read">Asks the engine for the facts of a container, by its id; null when there is none.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Is told of containers that cannot be inspected.</param>
internal sealed partial class HiddenContainers(
    PolicySource policies, Func<string, CancellationToken, Task<ContainerFacts?>> read, TimeProvider time, ILogger<HiddenContainers> logger)
{
    /// <summary>How long the engine is left alone about a container that it could not inspect.</summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(30);

    /// <summary>How long one container may keep events and lists waiting.</summary>
    public static readonly TimeSpan InspectLimit = TimeSpan.FromSeconds(5);

    /// <summary>How many containers that are not listed any more may be remembered: events of their end may be on the way.</summary>
    private const int Removed = 1000;

    private const int InspectWidth = 8;

    private readonly ConcurrentDictionary<string, Answer> _answers = new(StringComparer.Ordinal);

    /// <summary>Hides none.</summary>
    public static HiddenContainers None { get; } = new(
        new PolicySource(HostPolicy.Unrestricted),
        (_, _) => Task.FromResult<ContainerFacts?>(null),
        TimeProvider.System,
        NullLogger<HiddenContainers>.Instance);

    /// <summary>Whether the policy hides any. If not, nothing here costs anything.</summary>
    public bool IsActive => policies.Current.Hides;

    /// <summary>Whether a container is hidden.</summary>
    /// <param name="id">64 characters of its id.</param>
    /// <param name="name">Its name, without a slash.</param>
    public bool IsHidden(string id, string name)
    {
        var policy = policies.Current;
        return policy.Hides
            && (_answers.GetValueOrDefault(id)?.Facts is not { } facts || policy.IsHidden(facts with { Name = name }));
    }

    /// <summary>Asks for what <see cref="IsHidden"/> goes by, unless it is known.</summary>
    /// <param name="ids">64 characters of each id. Not looked at while the policy hides none.</param>
    /// <param name="ct">Ends it.</param>
    public Task LearnAsync(IEnumerable<string> ids, CancellationToken ct) => IsActive && ids.Where(IsToBeAsked).ToList() is { Count: > 0 } unknown
        ? Parallel.ForEachAsync(unknown, new ParallelOptions { MaxDegreeOfParallelism = InspectWidth, CancellationToken = ct }, AskAsync)
        : Task.CompletedTask;

    /// <summary>The hidden ones among all containers of the host.</summary>
    /// <param name="all">Id and name of each. Not looked at while the policy hides none.</param>
    /// <param name="ct">Ends it.</param>
    /// <returns>Their ids.</returns>
    public async Task<IReadOnlySet<string>> FindAsync(IEnumerable<(string Id, string Name)> all, CancellationToken ct)
    {
        if (!IsActive)
        {
            return FrozenSet<string>.Empty;
        }

        List<(string Id, string Name)> listed = [.. all];
        await LearnAsync(listed.Select(container => container.Id), ct);
        return listed.Where(container => IsHidden(container.Id, container.Name)).Select(container => container.Id).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>The same of a list of the engine.</summary>
    public Task<IReadOnlySet<string>> FindAsync(IReadOnlyList<ContainerSummary> all, CancellationToken ct) =>
        FindAsync(all.Select(container => (container.Id, container.Name)), ct);

    /// <summary>A container is gone, and nothing more will be asked about it.</summary>
    public void Forget(string id) => _answers.TryRemove(id, out _);

    /// <summary>Forgets those that are gone when there are many.</summary>
    /// <param name="all">The ids of all containers of the host. Not looked at while there are not many.</param>
    public void Keep(IEnumerable<string> all)
    {
        if (_answers.Count > Removed && all.ToHashSet(StringComparer.Ordinal) is var listed && _answers.Count > listed.Count + Removed)
        {
            foreach (var id in _answers.Keys.Where(id => !listed.Contains(id)))
            {
                Forget(id);
            }
        }
    }

    /// <summary>Whether a reference of a request, beside the one to its own container, means a hidden container.</summary>
    /// <exception cref="EngineException">The engine does not tell.</exception>
    public async Task<bool> IsHiddenAsync(string reference, CancellationToken ct) =>
        IsActive && reference.Length > 0 && await read(reference, ct) is { } facts && policies.Current.IsHidden(facts);

    private bool IsToBeAsked(string id) =>
        !_answers.TryGetValue(id, out var answer) || (answer.Facts is null && time.GetElapsedTime(answer.AskedAt) >= RetryInterval);

    private async ValueTask AskAsync(string id, CancellationToken ct)
    {
        try
        {
            if (await read(id, ct) is { } facts)
            {
                _answers[id] = new Answer(facts, 0);
            }
        }
        catch (EngineUnavailableException)
        {
            // It says so of every container, and is asked again at once when it is back.
        }
        catch (EngineException e)
        {
            if (!_answers.ContainsKey(id))
            {
                Log.Unknown(logger, id, e.Message);
            }

            _answers[id] = new Answer(null, time.GetTimestamp());
        }
    }

    /// <summary>What the engine said of a container.</summary>
    /// <param name="Facts">Null when it could not tell.</param>
    /// <param name="AskedAt">When that was.</param>
    private sealed record Answer(ContainerFacts? Facts, long AskedAt);

    private static partial class Log
    {
        [LoggerMessage(
            1140,
            LogLevel.Warning,
            "Container {Id} cannot be inspected, and is hidden from the server until it is known whether the policy hides it: {Reason}")]
        public static partial void Unknown(ILogger logger, string id, string reason);
    }
}
