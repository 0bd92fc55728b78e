using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Agent.Policies;
using DockMon.Protocol;

namespace DockMon.Agent.Streams.Stats;

/// <summary>
/// Sends samples to whichever of the two sockets is there, those of one moment together. Each is serialized once, for both of them; those of hidden containers
/// are dropped.
/// </summary>
internal sealed class SampleSender(AgentContext context, Outbound outbound, StatsLink statsLink, ConnectionState connection)
{
    /// <summary>Whether anybody receives what is sent, and may.</summary>
    public bool HasListener => (connection.IsConnected || statsLink.IsOpen) && context.Policies.Current.Permits(HostActions.Stats);

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
