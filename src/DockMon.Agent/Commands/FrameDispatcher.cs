using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using DockMon.Agent.Json;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Commands;

/// <summary>
/// Takes the server's frames apart: finds the route of a request for the <see cref="RequestRunner"/>, and the handler of a message that has no answer.
/// </summary>
internal sealed partial class FrameDispatcher(Routes routes, RequestRunner requests, ILogger<FrameDispatcher> logger)
{
    /// <summary>Takes one text frame. Returns at once, whatever is in it.</summary>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "An unexpected frame must not cost the connection.")]
    public void Dispatch(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            HandleFrame(utf8);
        }
        catch (Exception e)
        {
            Log.FrameFailed(logger, e, utf8.Length);
        }
    }

    private void HandleFrame(ReadOnlyMemory<byte> utf8)
    {
        Frame frame;
        try
        {
            frame = Frame.Parse(utf8.Span);
        }
        catch (JsonException e)
        {
            Log.FrameInvalid(logger, utf8.Length, e.Message);
            AnswerInvalid(utf8.Span, e.GetReason());
            return;
        }

        switch (frame.Type)
        {
            case FrameTypes.Command:
                Start(frame, utf8.Length, frame.Command, routes.Commands, "command");
                break;
            case FrameTypes.ContainerOperation:
                Start(frame, utf8.Length, ActionOf(frame), routes.Operations, "action");
                break;
            case { } type when routes.Messages.TryGetValue(type, out var take):
                HandleFrame(type, take, frame.Payload ?? default);
                break;
            default:
                Log.FrameUnknown(logger, frame.Type ?? "(none)");
                break;
        }
    }

    /// <summary>A message that has no answer: its handler queues what takes time, and what is wrong with it is only logged.</summary>
    private void HandleFrame(string type, Action<JsonElement> take, JsonElement payload)
    {
        try
        {
            take(payload);
        }
        catch (CommandException e)
        {
            Log.MessageRefused(logger, type, e.Message);
        }
    }

    private void Start(Frame frame, int size, string? name, Dictionary<string, Route> known, string kind)
    {
        if (frame.RequestId is not { } id)
        {
            Log.NoId(logger, kind, name ?? "(none)");
            return;
        }

        var isCommand = frame.Type == FrameTypes.Command;
        if (name is null || !known.TryGetValue(name, out var route))
        {
            requests.Refuse(isCommand, id, $"unknown {kind}: {name ?? "(none)"}");
            return;
        }

        requests.Start(isCommand, id, name, route, frame.Payload ?? default, size);
    }

    /// <summary>A frame whose envelope has a wrong type somewhere still has a right to an answer when it has an id.</summary>
    private void AnswerInvalid(ReadOnlySpan<byte> utf8, string reason)
    {
        try
        {
            var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = ProtocolLimits.JsonDepth });
            using var document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.FindText("id") is { } id || (id = document.RootElement.FindText("correlation_id")) is not null)
            {
                requests.Refuse(document.RootElement.GetText("type") == FrameTypes.Command, id, "invalid message: " + reason);
            }
        }
        catch (JsonException)
        {
            // Not JSON at all: there is no id to answer to, and the frame was logged already.
        }
    }

    private static string? ActionOf(Frame frame) => frame.Payload?.FindText("action");

    private static partial class Log
    {
        [LoggerMessage(200, LogLevel.Warning, "A frame of {Size} bytes was dropped because it is no valid message: {Reason}")]
        public static partial void FrameInvalid(ILogger logger, int size, string reason);

        [LoggerMessage(201, LogLevel.Warning, "A frame of unknown type {Type} was dropped")]
        public static partial void FrameUnknown(ILogger logger, string type);

        [LoggerMessage(202, LogLevel.Warning, "A {Kind} without an id was dropped: {Name}")]
        public static partial void NoId(ILogger logger, string kind, string name);

        [LoggerMessage(205, LogLevel.Warning, "A message of type {Type} was dropped: {Reason}")]
        public static partial void MessageRefused(ILogger logger, string type, string reason);

        [LoggerMessage(206, LogLevel.Error, "A frame of {Size} bytes failed with an unexpected error")]
        public static partial void FrameFailed(ILogger logger, Exception exception, int size);
    }
}
