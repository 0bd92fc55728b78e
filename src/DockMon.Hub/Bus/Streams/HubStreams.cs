using System.Collections.Concurrent;
using System.Text;
using DockMon.Hub.Agents;

namespace DockMon.Hub.Bus.Streams;

/// <summary>The streams between this hub and others. Each ends when the other hub is gone; those that are served here also when this hub stops.</summary>
internal sealed class HubStreams
{
    private static readonly TimeSpan OpenLimit = TimeSpan.FromSeconds(10);

    private readonly HubLink _link;
    private readonly ConcurrentDictionary<BusStream, string> _streams = new();
    private readonly ConcurrentDictionary<BusStream, Task> _serving = new();

    public HubStreams(HubLink link, Presence presence)
    {
        _link = link;
        presence.HubGone += OnHubGone;
    }

    /// <summary>Number of streams that are open.</summary>
    public int Count => _streams.Count;

    /// <summary>Has another hub begin something whose messages go over a stream; the caller closes it.</summary>
    /// <param name="hub">The other hub.</param>
    /// <param name="message">What it is asked for.</param>
    /// <param name="ct">Cancels the wait.</param>
    /// <exception cref="AgentException">It did not begin.</exception>
    public async Task<BusStream> OpenAsync(string hub, HubMessage message, CancellationToken ct)
    {
        var subject = _link.NewStream();
        var stream = await _link.OpenStreamAsync(subject, first: true, ct);
        _streams[stream] = hub;
        try
        {
            return await _link.AskAsync(hub, message with { Stream = subject }, OpenLimit, ct) switch
            {
                (_, { Length: 0 }) => stream,
                (_, { } refusal) => throw Refused(refusal.Span),
                (BusOutcome.Down, _) => throw new AgentException(
                    AgentFailure.Unreachable, "the host's agent is connected to another hub, which cannot be reached now: NATS is down"),
                _ => throw new AgentException(AgentFailure.NotConnected, "the host's agent is not connected, or its hub does not answer"),
            };
        }
        catch
        {
            // Also when the user is gone: the other hub may have begun.
            await CloseAsync(stream);
            throw;
        }
    }

    public ValueTask CloseAsync(BusStream stream)
    {
        _streams.TryRemove(stream, out _);
        return stream.DisposeAsync();
    }

    /// <summary>Begins what another hub asked for.</summary>
    /// <param name="message">What it asked for.</param>
    /// <param name="begin">Begins it, and returns what serves the stream until its end.</param>
    /// <returns>The answer for the other hub.</returns>
    public async Task<byte[]?> ServeAsync(HubMessage message, Func<Func<BusStream, Task>> begin)
    {
        if (message.Stream is not { } subject)
        {
            return null;
        }

        var stream = await _link.OpenStreamAsync(subject, first: false, CancellationToken.None);
        try
        {
            var serve = begin();
            _streams[stream] = message.Hub;
            var serving = ServeAsync(stream, serve);
            _serving[stream] = serving;
            if (serving.IsCompleted)
            {
                _serving.TryRemove(stream, out _);
            }

            return [];
        }
        catch (AgentException e)
        {
            await stream.DisposeAsync();
            return [(byte)e.Failure, .. Encoding.UTF8.GetBytes(e.Message)];
        }
    }

    /// <summary>Ends what is served here, and waits for that.</summary>
    public Task StopAsync()
    {
        foreach (var stream in _streams.Keys)
        {
            stream.End("the hub of the host is stopping");
        }

        return Task.WhenAll(_serving.Values);
    }

    private static AgentException Refused(ReadOnlySpan<byte> refusal) => new((AgentFailure)refusal[0], Encoding.UTF8.GetString(refusal[1..]));

    private async Task ServeAsync(BusStream stream, Func<BusStream, Task> serve)
    {
        try
        {
            await serve(stream);
        }
        finally
        {
            await CloseAsync(stream);
            _serving.TryRemove(stream, out _);
        }
    }

    private void OnHubGone(string? hub)
    {
        foreach (var (stream, other) in _streams)
        {
            if (hub is null || other == hub)
            {
                stream.End("the connection between the hubs was lost");
            }
        }
    }
}
