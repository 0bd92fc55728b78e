using System.Text.Json.Nodes;
using CsCheck;
using DockMon.Agent.Update.Planning;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Update.Planning;

/// <summary>
/// For any image and any options: creating a container, planning its update, and creating the successor gives what the same options give with the
/// new image. Values of users never equal an image's, because of those nobody can tell who set them.
/// </summary>
public sealed class UpdatePlannerPropertyTests
{
    private const string Id = "efb225eae0e5807ec9f45533e6c5598e13b9f197ce11f9fe3fd9c3964d86d6ed";

    private static readonly string[] Scalars = ["WorkingDir", "User", "StopSignal"];
    private static readonly string[] Sets = ["ExposedPorts", "Volumes"];

    [Fact]
    public void What_the_user_set_stays_and_what_was_inherited_follows() =>
        Gen.Select(Config("old"), Config("new"), Config("user")).Sample((old, @new, user) =>
        {
            var plan = UpdatePlanner.Plan(Container(Create(old, user)), new JsonObject { ["Config"] = old.DeepClone() }, "app:2");
            Compare(Create(@new, plan.CreateBody), Create(@new, user), user);
        });

    [Fact]
    public void An_update_to_the_same_image_reproduces_the_container() =>
        Gen.Select(Config("old"), Config("user")).Sample((image, user) =>
        {
            var container = Create(image, user);
            var plan = UpdatePlanner.Plan(Container(container), new JsonObject { ["Config"] = image.DeepClone() }, "app:1");
            Compare(Create(image, plan.CreateBody), container, user);
        });

    /// <summary>A part of a configuration whose every value has its owner's name in it.</summary>
    private static Gen<JsonObject> Config(string owner)
    {
        var names = Gen.Int[0, 3].Select(i => "abcd"[i].ToString()).List[0, 3].Select(list => list.Distinct().ToList());
        var command = Gen.Int[0, 2].Select(count => count == 0 ? null : new JsonArray([.. Enumerable.Range(0, count).Select(i => (JsonNode)$"{owner}-{i}")]));
        return Gen.Select(names, names, names, command, command, Gen.Int[0, 7]).Select((variables, labels, keys, entrypoint, words, present) =>
        {
            var config = new JsonObject
            {
                ["Env"] = new JsonArray([.. variables.Select(name => (JsonNode)$"{name}={owner}")]),
                ["Labels"] = new JsonObject(labels.Select(name => KeyValuePair.Create(name, (JsonNode?)owner))),
                ["Entrypoint"] = entrypoint?.DeepClone(),
                ["Cmd"] = words?.DeepClone(),
            };
            for (var i = 0; i < Scalars.Length; i++)
            {
                config[Scalars[i]] = (present & (1 << i)) == 0 ? null : $"{owner}-{Scalars[i]}";
            }

            foreach (var set in Sets)
            {
                config[set] = new JsonObject(keys.Select(name => KeyValuePair.Create($"{owner}-{name}", (JsonNode?)new JsonObject())));
            }

            return config;
        });
    }

    /// <summary>What Docker makes of an image's configuration and a create request.</summary>
    private static JsonObject Create(JsonObject image, JsonObject request)
    {
        var made = (JsonObject)request.DeepClone();
        var asked = Strings(request["Env"]);
        made["Env"] = new JsonArray([.. asked.Concat(Strings(image["Env"]).Where(variable => !asked.Any(own => own.Split('=')[0] == variable.Split('=')[0])))
            .Select(variable => (JsonNode)variable)]);
        foreach (var set in Sets.Append("Labels"))
        {
            made[set] = new JsonObject(Members(image[set]).Where(member => request[set]?[member.Key] is null)
                .Concat(Members(request[set]))
                .Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone())));
        }

        foreach (var name in Scalars)
        {
            made[name] = (request[name] ?? image[name])?.DeepClone();
        }

        if (request["Entrypoint"] is null)
        {
            made["Entrypoint"] = image["Entrypoint"]?.DeepClone();
            made["Cmd"] = (request["Cmd"] ?? image["Cmd"])?.DeepClone();
        }

        return made;
    }

    private static JsonObject Container(JsonObject config) => new()
    {
        ["Id"] = Id, ["Name"] = "/web", ["Config"] = config.DeepClone(), ["HostConfig"] = new JsonObject(), ["Mounts"] = new JsonArray(),
    };

    private static void Compare(JsonObject actual, JsonObject expected, JsonObject user)
    {
        Strings(actual["Env"]).Order(StringComparer.Ordinal).ShouldBe(Strings(expected["Env"]).Order(StringComparer.Ordinal));
        foreach (var set in Sets.Append("Labels"))
        {
            Members(actual[set]).Select(member => $"{member.Key}={member.Value?.ToJsonString()}").Order(StringComparer.Ordinal)
                .ShouldBe(
                    Members(expected[set]).Select(member => $"{member.Key}={member.Value?.ToJsonString()}").Order(StringComparer.Ordinal),
                    $"{set}, set by the user: {user.ToJsonString()}");
        }

        foreach (var name in Scalars.Concat(["Entrypoint", "Cmd"]))
        {
            (actual[name]?.ToJsonString() ?? "null").ShouldBe(expected[name]?.ToJsonString() ?? "null", $"{name}, set by the user: {user.ToJsonString()}");
        }
    }

    private static List<string> Strings(JsonNode? array) => [.. (array as JsonArray ?? []).Select(item => item!.GetValue<string>())];

    private static IEnumerable<KeyValuePair<string, JsonNode?>> Members(JsonNode? o) => o as JsonObject ?? [];
}
