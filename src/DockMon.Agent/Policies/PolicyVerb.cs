using DockMon.Agent.Configuration;
using DockMon.Agent.Hosting;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Policies.Reading;
using DockMon.Engine;

namespace DockMon.Agent.Policies;

/// <summary><c>dockmon-agent policy</c>: what a policy means, and what it says of one action.</summary>
internal static class PolicyVerb
{
    public const string Usage = "policy check [FILE] | policy explain ACTION [CONTAINER]";

    /// <summary>Reads the options and writes the answer.</summary>
    /// <param name="options">What follows the verb.</param>
    /// <param name="output">The output.</param>
    /// <param name="environment">The environment variables.</param>
    /// <param name="time">The clock.</param>
    /// <returns>
    /// The exit code: 0 for a policy that can be used, or an action that is allowed; 1 for errors and refusals; 2 for a command line that is none.
    /// </returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> options, TextWriter output, Func<string, string?> environment, TimeProvider time)
    {
        var settings = AgentOptions.Load(environment).Options; // Variables that have nothing to do with it may be missing in this shell.
        try
        {
            // Who is trusted with the file depends on who the agent is.
            Privileges.Drop(environment, DataOwner.Find);
        }
        catch (ConfigurationException e)
        {
            await output.WriteLineAsync(e.Error.ToString());
            return 1;
        }

        var loader = new PolicyLoader(settings);
        switch (options)
        {
            case ["check"]:
                return await CheckAsync(loader.Load(before: null), output);
            case ["check", var file]:
                return await CheckFileAsync(Path.GetFullPath(file), loader, settings, output);
            case ["explain", var action, ..] when options.Count <= 3:
                return await ExplainAsync(loader.Load(before: null), action, options.ElementAtOrDefault(2), settings, output, time);
            default:
                await output.WriteLineAsync($"usage: dockmon-agent {Usage}");
                return 2;
        }
    }

    private static async Task<int> CheckFileAsync(string file, PolicyLoader loader, AgentOptions settings, TextWriter output)
    {
        if (file == loader.Path)
        {
            return await CheckAsync(loader.Load(before: null), output);
        }

        string? text;
        var warning = "";
        try
        {
            text = PolicyFile.Read(file);
        }
        catch (IOException e)
        {
            // It is still to be put where it belongs.
            (text, warning) = (ReadDraft(file), $"Where it is now the agent would not use it: {e.Message}");
        }

        if (text is null)
        {
            await output.WriteLineAsync($"{file} is not there, or cannot be read. {warning}".TrimEnd());
            return 1;
        }

        var (policy, errors) = PolicyReader.Read(text, file, settings.Mode);
        var code = await CheckAsync(policy ?? HostPolicy.Unusable(file, [.. errors.Select(error => error.ToString())], before: null), output);
        if (warning.Length > 0)
        {
            await output.WriteLineAsync(warning);
        }

        return code;
    }

    private static string? ReadDraft(string file)
    {
        try
        {
            return FileStatus.Read(file) is { IsRegular: true, Size: <= PolicyFile.MaxBytes } ? File.ReadAllText(file) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // Why is said already.
        }
    }

    private static async Task<int> CheckAsync(HostPolicy policy, TextWriter output)
    {
        if (policy.Problems.Count > 0)
        {
            await output.WriteLineAsync($"{policy.Origin} cannot be used, and an agent with it allows nothing but observing:");
            foreach (var problem in policy.Problems)
            {
                await output.WriteLineAsync($"  {problem}");
            }

            return 1;
        }

        await output.WriteLineAsync($"{policy.Origin} means:");
        foreach (var line in PolicyWords.Describe(policy))
        {
            await output.WriteLineAsync($"  {line}");
        }

        foreach (var (words, allowed) in new[] { ("allowed on this host", true), ("refused", false) })
        {
            var actions = HostActions.Groups.Keys.Where(action => policy.Judge(action, null).Allowed == allowed).Order(StringComparer.Ordinal).ToList();
            await output.WriteLineAsync($"  {words}: {(actions.Count > 0 ? string.Join(", ", actions) : "nothing")}");
        }

        return 0;
    }

    private static async Task<int> ExplainAsync(
        HostPolicy policy, string action, string? container, AgentOptions settings, TextWriter output, TimeProvider time)
    {
        var actions = ActionSet.Read([action], out var unknown);
        if (unknown.Count > 0)
        {
            await output.WriteLineAsync(Suggestion.Unknown("action", action, ActionSet.Names));
            return 2;
        }

        ContainerFacts? facts = null;
        if (container is not null)
        {
            try
            {
                var endpoint = EngineEndpoint.FromEnvironment(settings.DockerHost, settings.DockerCertPath, settings.DockerTlsVerify);
                using var engine = new EngineClient(endpoint, time);
                facts = await new ContainerFactsReader(engine).ReadAsync(container, CancellationToken.None);
            }
            catch (Exception e) when (e is EngineException or EngineConfigurationException)
            {
                await output.WriteLineAsync($"the engine does not tell of {container}: {e.Message}");
                return 1;
            }

            if (facts is null)
            {
                await output.WriteLineAsync($"there is no container {container}");
                return 1;
            }

            var labels = facts.Labels.Count == 0 ? "none" : string.Join(", ", facts.Labels.Select(label => $"{label.Key}={label.Value}"));
            await output.WriteLineAsync($"{facts.Name} has the image {facts.Image} and these labels of its own: {EnvironmentReader.Short(labels)}");
            if (facts.HasUncertainLabels)
            {
                await output.WriteLineAsync("  Its image is gone, and any of these labels may be the image's: the strictest of the rules counts.");
            }
        }

        await output.WriteLineAsync($"by {policy.Origin}:");
        var refused = false;
        foreach (var name in HostActions.Groups.Keys.Where(actions.Contains).Order(StringComparer.Ordinal))
        {
            var decision = policy.Judge(name, facts);
            decision = decision.Allowed && policy.Updates.JudgeTime(name, time) is { Allowed: false } late ? late : decision;
            refused |= !decision.Allowed && policy.Enforce;
            await output.WriteLineAsync($"  {name}: {Explain(policy, decision)}");
        }

        if (facts is null && policy.Containers.Count > 0)
        {
            await output.WriteLineAsync("  There are rules for some containers: name one to see what holds for it.");
        }

        return refused ? 1 : 0;
    }

    private static string Explain(HostPolicy policy, Decision decision) => decision switch
    {
        { Allowed: true } => $"allowed ({decision.Rule})",
        _ when !policy.Enforce => $"allowed, because the policy is not enforced; else {decision.Error}",
        { IsHidden: true } => $"refused as if there were no such container ({decision.Rule})",
        _ => decision.Error,
    };
}
