using System.Text.Json;
using DockMon.Hub.Storage;
using DockMon.Protocol;

namespace DockMon.Hub.Agents;

/// <summary>A registration that is refused, in the words the agent gets.</summary>
internal sealed class RegistrationException(string message) : Exception(message);

/// <summary>Decides who may register, as strictly as the protocol says and no stricter.</summary>
internal sealed class Registrar(ITokens tokens, IHosts hosts)
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

        ThrowUnless(tokens.Check(request.Token));
        var twin = hosts.FindByEngine(request.EngineId).FirstOrDefault(host => !request.ForceUniqueRegistration || host.Hostname == request.Hostname);
        if (twin is not null)
        {
            throw new RegistrationException($"This Docker engine is already registered as host {twin.Hostname}: remove that host first (DELETE /api/hosts/{twin.Id}), or give this agent a name of its own and force a unique registration");
        }

        ThrowUnless(tokens.Use(request.Token));
        return hosts.Add(request);
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

        return request is not null && RegisterValidation.FindError(request) is null ? request
            : throw new RegistrationException(AuthRejections.InvalidData + (request is null ? "the frame is null" : RegisterValidation.FindError(request)));
    }

    private static void ThrowUnless(TokenUse use)
    {
        if (use != TokenUse.Accepted)
        {
            throw new RegistrationException(use switch
            {
                TokenUse.Expired => AuthRejections.ExpiredToken,
                TokenUse.UsedUp => AuthRejections.UsedUpToken,
                _ => AuthRejections.InvalidToken,
            });
        }
    }
}
