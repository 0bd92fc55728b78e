using System.Security.Cryptography;

namespace DockMon.Hub.Bus;

/// <summary>This hub among the hubs of its fleet. A hub that was restarted is another one.</summary>
/// <param name="IsAlone">Whether there is no bus, and so no other hub.</param>
internal sealed record HubIdentity(bool IsAlone)
{
    private const char Separator = '.';

    /// <summary>Its id.</summary>
    public string Id { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <summary>The id of a new request: it names the hub that waits for the answer, whichever hub the answer arrives at.</summary>
    public string NewRequestId() => IsAlone ? Guid.NewGuid().ToString() : $"{Id}{Separator}{Guid.NewGuid()}";

    /// <summary>The other hub that waits for the answer to a request; null when no other hub does.</summary>
    public string? OtherHub(string requestId) =>
        !IsAlone && requestId.IndexOf(Separator, StringComparison.Ordinal) is > 0 and var end && requestId[..end] is var hub && hub != Id
        && hub.All(char.IsAsciiHexDigitLower) ? hub : null;
}
