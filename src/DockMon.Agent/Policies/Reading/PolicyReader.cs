using System.Diagnostics.CodeAnalysis;
using DockMon.Agent.Policies.Create;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Policies.Redaction;
using DockMon.Agent.Policies.Updating;
using DockMon.Agent.Yaml;
using YamlDotNet.Core;

namespace DockMon.Agent.Policies.Reading;

/// <summary>Reads the text of a policy. Nothing in it is passed over: what is not understood is an error.</summary>
internal static class PolicyReader
{
    private const int MostErrors = 50;

    private static readonly string[] Keys = ["mode", "enforce", "audit", "allow", "deny", "containers", "create", "updates", "redact"];

    /// <summary>Reads it.</summary>
    /// <param name="text">The text.</param>
    /// <param name="origin">Where it comes from.</param>
    /// <param name="limit">The mode that it cannot exceed; null for none.</param>
    /// <returns>The policy; null when there are errors.</returns>
    public static (HostPolicy? Policy, IReadOnlyList<PolicyError> Errors) Read(string text, string origin, PolicyMode? limit = null)
    {
        var errors = new List<PolicyError>();
        var policy = Read(text, origin, limit, errors);
        if (errors.Count == 0)
        {
            return (policy, []);
        }

        List<PolicyError> told = [.. errors.OrderBy(error => error.Line).Take(MostErrors)];
        if (errors.Count > MostErrors)
        {
            told.Add(new PolicyError(told[^1].Line, $"and {errors.Count - MostErrors} more errors"));
        }

        return (null, told);
    }

    [SuppressMessage(
        "Design",
        "CA1031:Do not catch general exception types",
        Justification = "Whatever a parser that others wrote throws, the policy is not one to go by, and that is said.")]
    private static HostPolicy? Read(string text, string origin, PolicyMode? limit, List<PolicyError> errors)
    {
        // A parser may take one for the end of the file: what a power cut left of a policy would be another policy.
        if (text.AsSpan().IndexOfAnyInRange('\0', '\x08') is >= 0 and var at)
        {
            errors.Add(new PolicyError(text.AsSpan(0, at).Count('\n') + 1, "it has control characters, which no text has"));
            return null;
        }

        try
        {
            var documents = SafeYaml.Load(text);
            if (documents.Count != 1)
            {
                var problem = documents.Count == 0 ? "the file says nothing: it has no key at all" : "the file has more than one document (---)";
                errors.Add(new PolicyError(1, problem));
                return null;
            }

            return Read(new PolicyNode(documents[0].RootNode, "", errors), origin, limit);
        }
        catch (YamlException e)
        {
            errors.Add(new PolicyError(e.Start.Line, "it is no YAML: " + e.Message));
        }
        catch (Exception e)
        {
            errors.Add(new PolicyError(1, $"it cannot be read as YAML: {e.GetType().Name}: {e.Message}"));
        }

        return null;
    }

    private static HostPolicy Read(PolicyNode root, string origin, PolicyMode? limit)
    {
        var keys = root.Map(Keys);
        var mode = keys.GetValueOrDefault("mode")?.Choice(("observe", PolicyMode.Observe), ("operate", PolicyMode.Operate), ("full", PolicyMode.Full));
        if (mode is null && limit is null && !keys.ContainsKey("mode"))
        {
            root.AddError("mode is missing: write mode: observe, mode: operate or mode: full");
        }

        return new HostPolicy
        {
            Origin = origin,
            Mode = Stricter(mode, limit),
            Enforce = keys.GetValueOrDefault("enforce")?.Flag() ?? true,
            AuditRequired = keys.GetValueOrDefault("audit")?.Choice(("required", true), ("on", false)) ?? false,
            Allow = Actions(keys.GetValueOrDefault("allow"), ActionSet.Names) ?? ActionSet.None,
            Deny = Actions(keys.GetValueOrDefault("deny"), ActionSet.Names) ?? ActionSet.None,
            Create = keys.GetValueOrDefault("create") is { } create ? CreateRulesReader.Read(create) : CreateRules.None,
            Updates = keys.GetValueOrDefault("updates") is { } updates ? UpdateRulesReader.Read(updates) : UpdateRules.None,
            Redact = keys.GetValueOrDefault("redact") is { } redact ? new Redactor(redact.Texts()) : Redactor.None,
            Containers = [.. keys.GetValueOrDefault("containers")?.Items().Select(Container) ?? []],
        };
    }

    private static PolicyMode Stricter(PolicyMode? one, PolicyMode? other) => one < other ? one.Value : other ?? one ?? PolicyMode.Observe;

    private static ContainerRule Container(PolicyNode node)
    {
        var keys = node.Map("match", "allow", "deny", "hide");
        var match = keys.GetValueOrDefault("match")?.Map("name", "label", "image");
        if (match is { Count: 0 } or null)
        {
            node.AddError("it says of no container what it is about: match: { name: …, label: … or image: … }");
        }

        var hide = keys.GetValueOrDefault("hide")?.Flag() ?? false;
        if (hide && (keys.ContainsKey("allow") || keys.ContainsKey("deny")))
        {
            node.AddError("of a container that is hidden nothing else can be said: remove allow and deny");
        }
        else if (!hide && !keys.ContainsKey("allow") && !keys.ContainsKey("deny"))
        {
            node.AddError("it changes nothing: add allow, deny or hide: true");
        }

        var patterns = match?.ToDictionary(pattern => pattern.Key, pattern => pattern.Value.Text(), StringComparer.Ordinal) ?? [];
        return new ContainerRule
        {
            Name = patterns.GetValueOrDefault("name"),
            Label = patterns.GetValueOrDefault("label"),
            Image = match?.GetValueOrDefault("image") is { } image ? Image(image) : null,
            Allow = Actions(keys.GetValueOrDefault("allow"), ActionSet.ContainerNames),
            Deny = Actions(keys.GetValueOrDefault("deny"), ActionSet.ContainerNames) ?? ActionSet.None,
            Hide = hide,
            Text = $"{node.Path} {string.Join(' ', patterns.Select(pattern => $"{pattern.Key}={pattern.Value}"))}",
        };
    }

    private static ImagePattern? Image(PolicyNode node)
    {
        var pattern = node.Text() is { } text ? ImagePattern.Parse(text) : null;
        if (pattern is null)
        {
            node.AddError("it must be an image, such as ghcr.io/acme/** or postgres:17");
        }

        return pattern;
    }

    private static ActionSet? Actions(PolicyNode? list, IReadOnlyList<string> known)
    {
        if (list is null)
        {
            return null;
        }

        var names = new List<string>();
        foreach (var item in list.Items())
        {
            if (item.Text() is not { } name)
            {
                continue;
            }

            if (known.Contains(name))
            {
                names.Add(name);
            }
            else if (ActionSet.Names.Contains(name))
            {
                item.AddError($"{name} is no action on one container (hide: true hides one); known here: {string.Join(", ", known)}");
            }
            else
            {
                item.AddError(Suggestion.Unknown("action", name, known));
            }
        }

        return ActionSet.Read(names, out _);
    }
}
