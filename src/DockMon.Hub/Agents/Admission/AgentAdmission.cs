using System.Data.Common;
using System.Net.WebSockets;
using DockMon.Hub.Agents.Delivery;
using DockMon.Hub.Agents.Limits;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;
using Microsoft.AspNetCore.Http.Features;

namespace DockMon.Hub.Agents.Admission;

/// <summary>A registered agent that has no answer yet.</summary>
internal sealed record Admission(AgentSession Session, string PermanentToken);

/// <summary>What happens on a control socket until its agent is known: its place, the register frame and a refusal.</summary>
internal sealed partial class AgentAdmission(
    AgentGate gate, Registrar registrar, HostQuotas quotas, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<AgentAdmission> logger)
{
    private readonly LogLimit _failures = new(time);

    /// <summary>Accepts a control socket and registers its agent; null after a failure, with the request answered or the connection closed.</summary>
    public async Task<Admission?> AcceptAsync(HttpContext context)
    {
        if (!gate.IsAgentSocket(context))
        {
            return null;
        }

        using var place = await gate.EnterAsync(context);
        if (place is null)
        {
            return null;
        }

        using var limit = new CancellationTokenSource(UnregisteredSockets.RegisterWait, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, place.Displaced, lifetime.ApplicationStopping);
        var connection = new AgentConnection(await context.WebSockets.AcceptWebSocketAsync(), UnregisteredSockets.FrameBytes);
        if (await RegisterAsync(connection, context, place, ended.Token) is not var (host, token))
        {
            return null;
        }

        connection.AllowFrames(ProtocolLimits.ControlFrameBytes);
        return new Admission(new AgentSession(host, connection, quotas.Of(host.Id), context.Features.GetRequiredFeature<DeliveryStream>()), token);
    }

    private static async Task RefuseAsync(AgentConnection connection, string reason, CancellationToken ct)
    {
        try
        {
            await connection.SendAsync(FrameWriter.Message(new AuthError { Error = reason }, ProtocolJson.Default.AuthError), ct);
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException)
        {
            // The agent is gone.
        }

        connection.Close(WebSocketCloseStatus.PolicyViolation, reason);
    }

    /// <summary>Reads the first frame and registers the agent; null after a failure, with the connection closed.</summary>
    private async Task<(HostRecord Host, string Token)?> RegisterAsync(
        AgentConnection connection, HttpContext context, UnregisteredSocket place, CancellationToken ended)
    {
        var reading = connection.ReadAsync();
        try
        {
            if (await reading.WaitAsync(ended) is { } frame)
            {
                place.Serve(true);
                return await registrar.RegisterAsync(frame, ended);
            }
        }
        catch (RegistrationException e)
        {
            place.Serve(false);
            await gate.HoldBackAsync(context, e.Message, ended);
            await RefuseAsync(connection, e.Message, ended);
        }
        catch (DbException e)
        {
            // No auth_error: an agent takes that as final, and this is temporary.
            NotStored(context, e);
            connection.Close(WebSocketCloseStatus.InternalServerError, "The hub cannot read or write its database; its log says why");
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            connection.Close(WebSocketCloseStatus.EndpointUnavailable, "the hub is stopping");
        }
        catch (OperationCanceledException) when (place.Displaced.IsCancellationRequested)
        {
            // Its place is another's already: there is no time for a close frame.
            connection.Abort();
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            connection.Close(WebSocketCloseStatus.PolicyViolation, "No registration in time");
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException)
        {
            // The agent is gone.
        }

        await connection.CloseAsync(reading);
        return null;
    }

    private void NotStored(HttpContext context, DbException e)
    {
        if (_failures.Happened(out var count))
        {
            Log.RegistrationNotStored(logger, count, AgentGate.Address(context), e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(6, LogLevel.Error,
            "Cannot store {Count} registrations since the last such message, the newest of an agent at {Address}; agents try again: {Reason}")]
        public static partial void RegistrationNotStored(ILogger logger, int count, string address, string reason);
    }
}
