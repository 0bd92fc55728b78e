using DockMon.Protocol;

namespace DockMon.Agent.Commands;

/// <summary>What came of a request: JSON or an error.</summary>
internal readonly record struct Outcome(byte[] Json, string? Error)
{
    public static Outcome Fail(string error) => new([], error);

    /// <summary>The answer.</summary>
    /// <param name="isCommand">Whether a command is answered; else it is an operation, which is answered in another form.</param>
    /// <param name="id">What is answered.</param>
    /// <param name="now">The time.</param>
    public byte[] ToFrame(bool isCommand, string id, DateTimeOffset now)
    {
        var frame = (isCommand, Error) switch
        {
            (true, null) => FrameWriter.Response(id, Json, now),
            (true, { } error) => FrameWriter.ResponseError(id, error, now),
            (false, null) => FrameWriter.OperationResult(id, Json),
            (false, { } error) => FrameWriter.OperationError(id, error),
        };
        // Sent as it is, a larger one would cost the connection.
        return frame.Length <= ProtocolLimits.ControlFrameBytes ? frame
            : Fail($"the answer has {frame.Length} bytes, over the server's limit of {ProtocolLimits.ControlFrameBytes}").ToFrame(isCommand, id, now);
    }
}
