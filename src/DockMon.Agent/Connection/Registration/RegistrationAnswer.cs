using System.Text.Json;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection.Dialing;
using DockMon.Protocol;

namespace DockMon.Agent.Connection.Registration;

/// <summary>What a server says to an agent that registers.</summary>
internal static class RegistrationAnswer
{
    /// <summary>Most bytes of one. A server that has not answered yet has shown nothing that would earn it more.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Reads it.</summary>
    /// <param name="bytes">What the server said.</param>
    /// <param name="tokens">Those of this agent; gets the one that the server gave.</param>
    /// <exception cref="RegistrationRejectedException">The server said no.</exception>
    /// <exception cref="DialException">The server did not answer as the protocol says.</exception>
    public static AuthSuccess Read(ReadOnlySpan<byte> bytes, OwnTokens tokens)
    {
        try
        {
            var frame = Frame.Parse(bytes);
            return frame.Type switch
            {
                FrameTypes.AuthSuccess => Check(JsonSerializer.Deserialize(bytes, ProtocolJson.Default.AuthSuccess), tokens),
                FrameTypes.AuthError => throw new RegistrationRejectedException(tokens.Cut(frame.Error ?? "no reason given")),
                _ => throw new DialException($"the server answered the registration with a frame of type \"{tokens.Cut(frame.Type)}\""),
            };
        }
        catch (JsonException e)
        {
            throw new DialException("the server's answer to the registration is not what the protocol says: " + tokens.Cut(e.Message), inner: e);
        }
    }

    private static AuthSuccess Check(AuthSuccess? auth, OwnTokens tokens)
    {
        // JSON can say null where the type says it cannot.
        if (auth is not { HostId: { } host, PermanentToken: { } token })
        {
            throw new DialException("the server's answer to the registration has no host_id or no permanent_token");
        }

        // It replaces the one that is stored, and is read from there at the next start: a broken one would cost the agent its identity.
        if (TokenVariable.FindError(token) is { } error)
        {
            throw new DialException($"the server's answer to the registration has a permanent token that is none: {error}");
        }

        tokens.Add(token);
        return auth with { HostId = tokens.Cut(host) };
    }
}
