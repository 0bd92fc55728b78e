using DockMon.Agent.Configuration;
using DockMon.Agent.Doctor.Checks;
using DockMon.Agent.Linux;
using DockMon.Agent.Policies.Reading;
using DockMon.Agent.SelfUpdate.Programs;
using DockMon.Agent.Storage;

namespace DockMon.Agent.Doctor;

/// <summary><c>dockmon-agent doctor</c>: checks everything the agent needs, and says what to do about each problem.</summary>
internal static class DoctorVerb
{
    /// <summary>Runs all checks and writes their results.</summary>
    /// <param name="json">Whether to write a JSON object for programs instead of lines for people.</param>
    /// <param name="output">The output.</param>
    /// <param name="colour">Whether the output shows colours.</param>
    /// <param name="environment">The environment variables.</param>
    /// <param name="time">The clock.</param>
    /// <param name="ct">Cancels the checks.</param>
    /// <returns>The exit code: 0 when nothing failed.</returns>
    public static async Task<int> RunAsync(
        bool json,
        TextWriter output,
        bool colour,
        Func<string, string?> environment,
        TimeProvider time,
        CancellationToken ct)
    {
        // Before anything else, as the agent does it.
        var user = UserCheck.Run(environment);
        var configuration = DoctorConfiguration.Read(environment);
        var options = configuration.Options;
        var inContainer = Machine.Current.InContainer;
        var route = ServerRoute.Find(options, HttpClient.DefaultProxy);
        var addresses = new AddressChecks(configuration, route, inContainer, environment, time);
        var policy = new PolicyLoader(options).Load(before: null);
        using var dial = new DialChecks(configuration, route, addresses, time);
        using var engine = new EngineChecks(options, inContainer, environment, time);
        var results = new List<NamedResult>();
        Check[] checks =
        [
            .. configuration.Checks(),
            user.Check(),
            .. addresses.All(),
            .. dial.All(),
            new TokenCheck(configuration, user.TakesOver, results).Check(),
            .. engine.All(),
            .. new DataChecks(options, inContainer, user.TakesOver, engine, "/proc").All(),
            new AuditCheck(options, policy, user.TakesOver).Check(),
            .. new HostChecks(inContainer).All(),
            .. new PolicyChecks(policy, engine).All(),
            new SelfUpdateCheck(ProgramTrust.Of(options)).Check(),
        ];
        await new CheckRunner(time).RunAsync(checks, results, ct);
        var report = new Report(results, [.. Secrets(options, environment)]);
        if (json)
        {
            await output.WriteLineAsync(report.ToJson());
        }
        else
        {
            report.Write(output, colour);
        }

        return report.Ok ? 0 : 1;
    }

    /// <summary>What no line may show, even if a message of a library has it.</summary>
    private static IEnumerable<string> Secrets(AgentOptions options, Func<string, string?> environment)
    {
        string?[] tokens =
        [
            options.RegistrationToken,
            options.PermanentToken,
            StoredToken(options),
            environment("REGISTRATION_TOKEN")?.Trim(),
            environment("PERMANENT_TOKEN")?.Trim(),
        ];
        foreach (var token in tokens)
        {
            if (token is not null)
            {
                yield return token;
            }
        }

        foreach (var name in new[] { "http_proxy", "https_proxy", "all_proxy" })
        {
            foreach (var value in new[] { environment(name), environment(name.ToUpperInvariant()) })
            {
                if (value?.LastIndexOf('@') is > 0 and var at)
                {
                    yield return value[..at].Split("://")[^1];
                    yield return value[..at].Split(':')[^1];
                }
            }
        }
    }

    private static string? StoredToken(AgentOptions options)
    {
        try
        {
            return new TokenStore(options.DataPath).ReadPermanentToken();
        }
        catch (ConfigurationException)
        {
            return null; // The check of the token reports it.
        }
    }
}
