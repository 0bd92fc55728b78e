using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Policies.Hiding;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DockMon.Agent.Tests.Policies.Hiding;

/// <summary>Two containers, of which the policy hides the one called "secret", in an engine.</summary>
internal static class Hidden
{
    public const string All = "/containers/json?all=1";

    public static readonly string SecretId = "5ec" + new string('a', 61);
    public static readonly string WebId = "eb" + new string('b', 62);

    /// <summary>Hides what has a name.</summary>
    public static PolicySource ByName { get; } = Policy(new ContainerRule { Name = "secret*", Hide = true, Text = "secret*" });

    public static PolicySource Policy(params ContainerRule[] rules) => new(new HostPolicy { Origin = "test", Containers = rules });

    /// <summary>An engine that knows both containers, by their ids and names.</summary>
    public static ScriptedEngine Engine()
    {
        var engine = new ScriptedEngine { Missing = path => "No such container: " + Uri.UnescapeDataString(path.Split('/', '?')[2]) };
        foreach (var (id, name) in new[] { (SecretId, "secret"), (WebId, "web") })
        {
            var json = Inspection(id, name);
            engine.Set($"/containers/{id}/json", json);
            engine.Set($"/containers/{id[..12]}/json", json);
            engine.Set($"/containers/{name}/json", json);
        }

        engine.Set(All, List());
        return engine;
    }

    /// <summary>The list of both, with the same members for both.</summary>
    public static string List(string members = "\"State\":\"running\"") =>
        $$"""[{"Id":"{{SecretId}}","Names":["/web/db","/secret"],"Image":"db:1","ImageID":"sha256:i",{{members}}}, """
        + $$"""{"Id":"{{WebId}}","Names":["/web"],"Image":"web:1","ImageID":"sha256:i",{{members}}}]""";

    public static string Inspection(string id, string name, string labels = "{}") =>
        $$"""{"Id":"{{id}}","Name":"/{{name}}","Config":{"Labels":{{labels}},"Image":"{{name}}:1"},"Image":"sha256:i"}""";

    public static HiddenContainers In(ScriptedEngine engine, PolicySource? policies = null, ILogger<HiddenContainers>? logger = null) => new(
        policies ?? ByName,
        (id, ct) => new ContainerFactsReader(engine.Client).ReadAsync(id, ct),
        engine.Time,
        logger ?? NullLogger<HiddenContainers>.Instance);
}
