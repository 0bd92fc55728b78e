using System.Text.Json;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>Validates register frames and registers agents.</summary>
internal sealed class Registrar(IHosts hosts, Registrations registrations)
{
    /// <summary>Registers the agent of one register frame.</summary>
    /// <exception cref="RegistrationException">The registration is refused.</exception>
    public (HostRecord Host, string PermanentToken) Register(ReadOnlySpan<byte> frame)
    {
        var request = Read(frame);
        if (hosts.FindByToken(request.Token) is { } known)
        {
            if (known.EngineId != request.EngineId)
            {
                throw new RegistrationException(AuthRejections.WrongEngine);
            }

            return (hosts.Update(known, request) ?? throw new RegistrationException(AuthRejections.InvalidToken), request.Token);
        }

        return registrations.Add(request);
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
