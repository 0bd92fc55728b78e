using DockMon.Agent.Configuration;
using DockMon.Agent.Connection.Dialing;
using DockMon.Agent.Storage;
using DockMon.Agent.Threading;
using DockMon.Protocol;

namespace DockMon.Agent.Doctor.Checks;

/// <summary>
/// The token, which is not used up by it. A registration token can be used only once, so only its form is checked. A permanent one is tried
/// on the stats socket, where that changes nothing.
/// </summary>
/// <param name="configuration">The configuration.</param>
/// <param name="takesOver">Whether the agent becomes the owner of the data directory at its start.</param>
/// <param name="earlier">The results of the checks before it.</param>
internal sealed class TokenCheck(DoctorConfiguration configuration, bool takesOver, IReadOnlyList<NamedResult> earlier)
{
    private static readonly string[] Variables = ["REGISTRATION_TOKEN", "REGISTRATION_TOKEN_FILE", "PERMANENT_TOKEN", "PERMANENT_TOKEN_FILE"];
    private static readonly TimeSpan DialLimit = CheckRunner.Limit - TimeSpan.FromSeconds(1);

    private readonly AgentOptions _options = configuration.Options;

    // Whether the stored one can be read depends on the user.
    public Check Check() => new("token", ["user"], RunAsync);

    private async Task<CheckResult> RunAsync(CancellationToken ct)
    {
        string? permanent;
        try
        {
            permanent = _options.PermanentToken ?? new TokenStore(_options.DataPath).ReadPermanentToken();
        }
        catch (ConfigurationException e) when (takesOver && e.InnerException is UnauthorizedAccessException)
        {
            return CheckResult.Ok($"{_options.DataPath} belongs to root until the agent starts: a permanent token in it cannot be read, and was not tried");
        }
        catch (ConfigurationException e)
        {
            return CheckResult.Failed(e.Error);
        }

        if (permanent is null)
        {
            if (Array.Find(Variables, configuration.IsRefused) is { } refused)
            {
                return CheckResult.Skipped($"{refused} cannot be used");
            }

            return _options.RegistrationToken is null
                ? CheckResult.Failed(
                    $"there is no token: REGISTRATION_TOKEN is not set, and {_options.DataPath} holds no permanent one",
                    "create a registration token on the server (Settings, Hosts, Add host, Agent), set REGISTRATION_TOKEN to it and start the agent "
                        + "within 15 minutes")
                : CheckResult.Ok("REGISTRATION_TOKEN has the form of a token; whether the server knows it shows only when the agent registers. "
                    + $"{_options.DataPath} holds no permanent token yet");
        }

        var which = _options.PermanentToken is not null ? "PERMANENT_TOKEN is set" : $"{_options.DataPath} holds a permanent token";
        return earlier.Any(result => result is { Name: "websocket", Finding.Status: CheckStatus.Ok })
            ? await TryAsync(which, permanent, ct)
            : CheckResult.Ok($"{which}; it could not be tried on the server");
    }

    private async Task<CheckResult> TryAsync(string which, string token, CancellationToken ct)
    {
        using var limit = new TimeLimit(DialLimit, TimeProvider.System, ct);
        var dialer = new Dialer(_options);
        try
        {
            using var socket = await dialer.DialAsync(ProtocolLimits.StatsPath, token, limit.Token);
            return CheckResult.Ok($"{which}, and the server knows it");
        }
        catch (DialException e) when (e.Status is 401 or 403)
        {
            return CheckResult.Warning(
                $"{which}, but the server does not accept it on its stats socket ({e.Status})",
                "if the agent connects all the same, ignore this: a server without that socket refuses every token there. If the agent's log says "
                    + "that the server refused it, "
                + $"delete {Path.Combine(_options.DataPath, "permanent_token")} and start it with a new REGISTRATION_TOKEN");
        }
        catch (Exception e) when (e is DialException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return CheckResult.Ok($"{which}; this server offers no way to try it");
        }
    }
}
