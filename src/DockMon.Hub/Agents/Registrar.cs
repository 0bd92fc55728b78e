using System.Text.Json;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>Validates register frames and registers agents.</summary>
internal sealed class Registrar(IHosts hosts, Registrations registrations)
{
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

            return (await hosts.UpdateAsync(known, request, ct) ?? throw new RegistrationException(AuthRejections.InvalidToken), request.Token);
        }

        return await registrations.AddAsync(request, ct);
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
}
