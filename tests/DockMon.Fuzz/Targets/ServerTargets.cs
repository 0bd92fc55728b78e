using System.Buffers.Binary;
using System.Net.WebSockets;
using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection;
using DockMon.Agent.Connection.Dialing;
using DockMon.Agent.Connection.Registration;
using DockMon.Agent.Delivery;
using DockMon.Agent.Streams.HealthChecks;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DockMon.Fuzz.Targets;

/// <summary>What a server, or whoever answers in its place, sends.</summary>
internal static class ServerTargets
{
    private const int SmallFrame = 1024;

    /// <summary>What the agent registered with.</summary>
    private const string Token = "0123456789abcdef";

    private static readonly Outbound Answers = new(
        new Outbox(Path.Combine(Path.GetTempPath(), "dockmon-fuzz")), TimeProvider.System, NullLogger<Outbound>.Instance);

    private static readonly FrameDispatcher Frames = new(
        MessageRoutes(),
        // No request gets to where the gate stands: none is known.
        new RequestRunner(new Lanes(), Answers, new ConnectionState(), gate: null!, TimeProvider.System, NullLogger<RequestRunner>.Instance),
        new UnforeseenErrors<FrameDispatcher>());

    /// <summary>A frame of the control socket: it is refused with an answer that is JSON, dropped, or handled.</summary>
    public static void Frame(byte[] input)
    {
        Frames.Dispatch(input);
        while (Answers.TryTake() is { } answer)
        {
            using var json = JsonDocument.Parse(answer.Bytes);
            FuzzFailure.When(json.RootElement.ValueKind != JsonValueKind.Object, "an answer is no object");
        }
    }

    /// <summary>The answer to a registration.</summary>
    public static void Registration(byte[] input)
    {
        try
        {
            var accepted = RegistrationAnswer.Read(input, new OwnTokens(Token));
            FuzzFailure.When(TokenVariable.FindError(accepted.PermanentToken) is not null, "a token is accepted that is none");
            CheckText(accepted.HostId);
        }
        catch (RegistrationRejectedException e)
        {
            CheckText(e.Message);
            _ = RegistrationErrors.GetAdvice(e.Message);
        }
        catch (DialException e)
        {
            CheckText(e.Message);
        }
    }

    /// <summary>The bytes of a WebSocket: whole frames, broken ones, ones over the limit.</summary>
    public static void Socket(byte[] input)
    {
        using var socket = WebSocket.CreateFromStream(Pieces.Of(input), new WebSocketCreationOptions());
        using var reader = new FrameReader(socket);
        FuzzTarget.TryRead<WebSocketException>(() =>
        {
            while (reader.ReadAsync(CancellationToken.None, SmallFrame).Now() is var (kind, frame, _) && kind != ReadKind.Close)
            {
                FuzzFailure.When(frame.Length > SmallFrame, "a frame over the limit is kept");
            }
        });
    }

    /// <summary>The answers to pings, which are found whatever the pieces are that they come in.</summary>
    public static void Pongs(byte[] input)
    {
        if (input.Length == 0)
        {
            return;
        }

        List<long> whole = [], found = [];
        new PongScanner(whole.Add).Scan(input.AsSpan(1));
        var scanner = new PongScanner(found.Add);
        foreach (var piece in input.Skip(1).Chunk(1 + (input[0] % 16)))
        {
            scanner.Scan(piece);
        }

        FuzzFailure.When(!whole.SequenceEqual(found), "what is found depends on how the bytes are divided");
        FuzzFailure.When(whole.Count > input.Length / (2 + sizeof(long)), "there are more answers than bytes for them");
        FuzzFailure.When(whole.Exists(number => !Contains(input, number)), "a number is found that is not there");
    }

    private static bool Contains(byte[] input, long number)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        return input.AsSpan().IndexOf(bytes) >= 0;
    }

    private static void CheckText(string text)
    {
        FuzzFailure.When(Visible.HasHidden(text), "a text for the log has characters that do something");
        FuzzFailure.When(text.Contains(Token, StringComparison.Ordinal), "a text for the log has the agent's token");
    }

    private static Routes MessageRoutes()
    {
        var routes = new Routes();
        routes.Messages[FrameTypes.HealthCheckConfig] = payload => HealthCheckReader.Read(payload);
        routes.Messages[FrameTypes.HealthCheckConfigsSync] = payload => HealthCheckReader.ReadAll(payload, _ => { });
        routes.Messages[FrameTypes.ShellSession] = payload => Route.Read(payload, ProtocolJson.Default.ShellSession);
        return routes;
    }

    /// <summary>The dispatcher catches everything, and logs as an error what nobody foresaw.</summary>
    private sealed class UnforeseenErrors<T> : ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Error)
            {
                throw new FuzzFailure(formatter(state, exception), exception);
            }
        }
    }
}
