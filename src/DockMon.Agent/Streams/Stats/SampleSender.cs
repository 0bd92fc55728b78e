using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Agent.Policies;
using DockMon.Agent.Streams.Backfill;
using DockMon.Protocol;

namespace DockMon.Agent.Streams.Stats;

/// <summary>
/// Sends samples to whichever of the two sockets is there, those of one moment together. Each is serialized once, for both of them; those of hidden containers
/// are dropped.
/// </summary>
internal sealed class SampleSender(AgentContext context, Outbound outbound, StatsLink statsLink, ConnectionState connection)
{
    /// <summary>What takes the samples that nobody receives.</summary>
    public Backfiller? Backfill { get; init; }

    /// <summary>Whether anybody receives what is sent, now or later, and may.</summary>
    public bool HasListener => (IsConnected || IsKeeping) && context.Policies.Current.Permits(HostActions.Stats);

    /// <summary>Whether samples are kept, and not sent now.</summary>
    public bool IsKeeping => !IsConnected && Backfill is { IsKeeping: true };

    private bool IsConnected => connection.IsConnected || statsLink.IsOpen;

    public void Send(IReadOnlyList<ContainerStats> samples)
    {
        if (context.Hidden.IsActive)
        {
            samples = [.. samples.Where(sample => !context.Hidden.IsHidden(sample.ContainerId, sample.ContainerName))];
        }

        if (samples.Count == 0)
        {
            return;
        }

        if (IsKeeping)
        {
            Backfill!.Minutes.Add(samples);
            return;
        }

        var now = context.Time.GetUtcNow();
        var frames = new KeyedFrame[samples.Count];
        for (var i = 0; i < frames.Length; i++)
        {
            var frame = FrameWriter.Event(EventNames.ContainerStats, samples[i], ProtocolJson.Default.ContainerStats, now, out var payload);
            frames[i] = new KeyedFrame(samples[i].ContainerId, frame, payload);
        }

        if (connection.IsConnected)
        {
            outbound.PostStats(frames);
        }

        statsLink.Post(frames);
    }
}
