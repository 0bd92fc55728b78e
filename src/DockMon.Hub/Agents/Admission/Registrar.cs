using System.Data.Common;
using System.Text.Json;
using DockMon.Hub.Agents.Limits;
using DockMon.Hub.Storage.Tables;
using DockMon.Protocol;

namespace DockMon.Hub.Agents.Admission;

/// <summary>Validates register frames and registers agents.</summary>
internal sealed partial class Registrar(IHosts hosts, Registrations registrations, TimeProvider time, ILogger<Registrar> logger)
{
    private readonly LogLimit _failures = new(time);

    /// <summary>Registers the agent of one register frame.</summary>
    /// <exception cref="RegistrationException">The registration is refused.</exception>
    public async Task<(HostRecord Host, string PermanentToken)> RegisterAsync(ReadOnlyMemory<byte> frame, CancellationToken ct)
    {
        var request = Read(frame.Span);
        if (await hosts.FindByTokenAsync(request.Token, ct) is { } known)
        {
            if (known.EngineId != request.EngineId)
            {
                throw new RegistrationException(AuthRejections.WrongEngine);
            }

            return (await UpdateAsync(known, request, ct), request.Token);
        }

        return await registrations.AddAsync(request, ct);
    }

    /// <summary>Stores what a known agent says of itself. Where that fails, as on a full disk, it is let in all the same.</summary>
    private async Task<HostRecord> UpdateAsync(HostRecord known, RegisterRequest request, CancellationToken ct)
    {
        try
        {
            return await hosts.UpdateAsync(known, request, ct) ?? throw new RegistrationException(AuthRejections.InvalidToken);
        }
        catch (DbException e)
        {
            if (_failures.Happened(out var count))
            {
                Log.UpdateNotStored(logger, count, known.Id, e.Message);
            }

            return known with { Hostname = request.Hostname, Registration = Hosts.Public(request) };
        }
    }

    private static RegisterRequest Read(ReadOnlySpan<byte> frame)
    {
        RegisterRequest? request;
        try
        {
            request = JsonSerializer.Deserialize(frame, ProtocolJson.Default.RegisterRequest);
        }
        catch (JsonException e)
        {
            throw new RegistrationException(AuthRejections.InvalidData + e.Message);
        }

        if (request is null)
        {
            throw new RegistrationException(AuthRejections.InvalidData + "the frame is null");
        }

        return RegisterValidation.Find(request) is { } error ? throw new RegistrationException(AuthRejections.InvalidData + error) : request;
    }

    private static partial class Log
    {
        [LoggerMessage(35, LogLevel.Error,
            "Cannot store what {Count} known agents say of themselves since the last such message, the newest of host {HostId}; they are connected all the "
            + "same: {Reason}")]
        public static partial void UpdateNotStored(ILogger logger, int count, string hostId, string reason);
    }
}
