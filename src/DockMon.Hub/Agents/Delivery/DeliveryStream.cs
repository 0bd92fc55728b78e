using Microsoft.AspNetCore.Http.Features;

namespace DockMon.Hub.Agents.Delivery;

/// <summary>
/// The connection below an agent's WebSocket. An agent takes the answer to a ping for the delivery of all events before it, and the WebSocket answers
/// pings by itself, as soon as they are read: here the answer waits until these events are stored, while frames are read on. Once one could not be
/// stored, no ping is answered any more.
/// </summary>
internal sealed class DeliveryStream(Stream inner) : Stream
{
    private const byte FinalPong = 0x8a;

    private static readonly Task<bool> Nothing = Task.FromResult(true);

    /// <summary>Completes when all events that were read are handled, with whether all of them are stored.</summary>
    public Task<bool> Stored { get; set; } = Nothing;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Has the WebSocket of a request run on such a stream, which is a feature of the request then.</summary>
    public static void Use(HttpContext context)
    {
        if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade)
        {
            context.Features.Set<IHttpUpgradeFeature>(new Upgrade(upgrade, context.Features));
        }
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

    // The WebSocket writes each frame at once.
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        buffer.Length > 0 && buffer.Span[0] == FinalPong && Stored != Nothing
            ? AnswerAsync(buffer, cancellationToken) : inner.WriteAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask AnswerAsync(ReadOnlyMemory<byte> pong, CancellationToken ct)
    {
        // While the answer waits nothing is read, so there are no further events.
        if (await Stored)
        {
            Stored = Nothing;
            await inner.WriteAsync(pong, ct);
        }
    }

    private sealed class Upgrade(IHttpUpgradeFeature inner, IFeatureCollection features) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => inner.IsUpgradableRequest;

        public async Task<Stream> UpgradeAsync()
        {
            var stream = new DeliveryStream(await inner.UpgradeAsync());
            features.Set(stream);
            return stream;
        }
    }
}
