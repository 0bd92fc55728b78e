using DockMon.Agent.Configuration;
using DockMon.Agent.Connection;
using DockMon.Agent.Hosting;
using DockMon.Protocol;

namespace DockMon.Agent.Doctor;

/// <summary>
/// The token, without spending it. A registration token can only be tried by using it up, so its form is all that is looked at. A
/// permanent one also opens the stats socket, where trying it changes nothing.
/// </summary>
internal sealed class TokenCheck(AgentOptions options, IReadOnlyList<CheckResult> earlier)
{
    private static readonly TimeSpan DialLimit = Examination.Limit - TimeSpan.FromSeconds(1);

    public Check Check() => new("token", [], LookAsync);

    private async Task<Finding> LookAsync(CancellationToken ct)
    {
        string? stored;
        try
        {
            stored = new TokenStore(options.DataPath).ReadPermanentToken();
        }
        catch (ConfigurationException e)
        {
            return Finding.Failed(e.Message, "see there");
        }

        if ((options.PermanentToken ?? stored) is not { } permanent)
        {
            return options.RegistrationToken is null
                ? Finding.Failed(
                    $"there is no token: REGISTRATION_TOKEN is not set, and {options.DataPath} holds no permanent one",
                    "make a registration token on the server (Settings, Hosts, Add host, Agent), set REGISTRATION_TOKEN to it and start the agent within 15 minutes")
                : Finding.Ok($"REGISTRATION_TOKEN has the form of a token; whether the server knows it shows only when the agent registers, once. {options.DataPath} holds no permanent token yet");
        }

        var which = options.PermanentToken is not null ? "PERMANENT_TOKEN is set" : $"{options.DataPath} holds a permanent token";
        return earlier.Any(result => result is { Name: "websocket", Finding.Status: CheckStatus.Ok })
            ? await TryAsync(which, permanent, ct)
            : Finding.Ok($"{which}; the server could not be asked about it");
    }

    private async Task<Finding> TryAsync(string which, string token, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(DialLimit);
        using var dialer = new Dialer(options);
        try
        {
            using var socket = await dialer.DialAsync(ProtocolLimits.StatsPath, token, limit.Token);
            return Finding.Ok($"{which}, and the server knows it");
        }
        catch (DialException e) when (e.Status is 401 or 403)
        {
            return Finding.Warning(
                $"{which}, and the server does not take it at its stats socket ({e.Status})",
                "a server without that socket refuses every token there: if the agent connects, all is well. If its log says that the server refused it, "
                + $"delete {Path.Combine(options.DataPath, "permanent_token")} and start it with a new REGISTRATION_TOKEN");
        }
        catch (Exception e) when (e is DialException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return Finding.Ok($"{which}; this server has no way to ask about it");
        }
    }
}
