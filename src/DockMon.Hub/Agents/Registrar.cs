using System.Text.Json;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>Decides who may register, as strictly as the protocol says and no stricter.</summary>
internal sealed class Registrar(IHosts hosts, Registrations registrations)
{
    /// <summary>Reads and decides one register frame.</summary>
    /// <exception cref="RegistrationException">It is refused.</exception>
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
