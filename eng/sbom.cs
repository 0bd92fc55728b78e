// Writes what a published agent is made of, as CycloneDX 1.6: dotnet run eng/sbom.cs -- ASSETS VERSION PROGRAM TIMESTAMP
// ASSETS is the project.assets.json of the restore that the publish used.
#:property RestorePackagesWithLockFile=false
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;

var (version, program, timestamp) = (args[1], args[2], args[3]);
var assets = JsonNode.Parse(File.ReadAllText(args[0]))!;
var caches = assets["packageFolders"]!.AsObject().Select(folder => folder.Key).ToList();
// The last target is the one with an architecture.
var target = assets["targets"]!.AsObject().Last().Value!.AsObject();
var architecture = assets["targets"]!.AsObject().Last().Key.Split('/')[1];

var linked = target.Where(entry => entry.Value!["type"]!.ToString() == "package" && entry.Value["runtime"] is not null).Select(entry => entry.Key);
// The framework's own code is in a pack that is downloaded and not referenced.
var packs = assets["project"]!["frameworks"]!.AsObject().First().Value!["downloadDependencies"]!.AsArray()
    .Select(pack => (Name: pack!["name"]!.ToString(), Version: pack["version"]!.ToString().Trim('[', ']').Split(',')[0]))
    .Where(pack => pack.Name == $"Microsoft.NETCore.App.Runtime.NativeAOT.{architecture}")
    .Select(pack => $"{pack.Name}/{pack.Version}");
string[] ids = [.. linked.Concat(packs).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.OrdinalIgnoreCase)];
if (!ids.Any(id => id.StartsWith("Microsoft.NETCore.App.Runtime.NativeAOT", StringComparison.Ordinal)))
{
    throw new InvalidOperationException($"{args[0]} names no NativeAOT runtime: publish first");
}

var agent = $"pkg:generic/dockmon-agent@{version}?arch={architecture}";
var dependencies = new JsonArray(new JsonObject { ["ref"] = agent, ["dependsOn"] = new JsonArray([.. ids.Select(id => (JsonNode)Purl(id))]) });
foreach (var id in ids)
{
    var needed = (target[id]?["dependencies"] as JsonObject ?? [])
        .Select(need => ids.FirstOrDefault(other => other.StartsWith(need.Key + "/", StringComparison.OrdinalIgnoreCase)))
        .OfType<string>();
    dependencies.Add((JsonNode)new JsonObject { ["ref"] = Purl(id), ["dependsOn"] = new JsonArray([.. needed.Select(other => (JsonNode)Purl(other))]) });
}

var hash = SHA256.HashData(File.ReadAllBytes(program));
var bom = new JsonObject
{
    ["bomFormat"] = "CycloneDX",
    ["specVersion"] = "1.6",
    // The same program has the same number.
    ["serialNumber"] = $"urn:uuid:{new Guid(hash.AsSpan(0, 16), bigEndian: true)}",
    ["version"] = 1,
    ["metadata"] = new JsonObject
    {
        ["timestamp"] = timestamp,
        ["component"] = new JsonObject
        {
            ["type"] = "application",
            ["bom-ref"] = agent,
            ["name"] = "dockmon-agent",
            ["version"] = version,
            ["licenses"] = License("Apache-2.0"),
            ["hashes"] = new JsonArray(new JsonObject { ["alg"] = "SHA-256", ["content"] = Convert.ToHexStringLower(hash) }),
        },
    },
    ["components"] = new JsonArray([.. ids.Select(Component)]),
    ["dependencies"] = dependencies,
};
Console.Out.WriteLine(bom.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));

static string Purl(string id) => "pkg:nuget/" + id.Replace('/', '@');

static JsonArray License(string expression) => new(new JsonObject { ["license"] = new JsonObject { ["id"] = expression } });

JsonNode Component(string id)
{
    var folder = caches.Select(cache => Path.Combine(cache, id.ToLowerInvariant())).First(Directory.Exists);
    var component = new JsonObject
    {
        ["type"] = "library",
        ["bom-ref"] = Purl(id),
        ["name"] = id.Split('/')[0],
        ["version"] = id.Split('/')[1],
        ["purl"] = Purl(id)
    };
    var hash = Directory.GetFiles(folder, "*.nupkg.sha512").Single();
    component["hashes"] = new JsonArray(new JsonObject
    {
        ["alg"] = "SHA-512",
        ["content"] = Convert.ToHexStringLower(Convert.FromBase64String(File.ReadAllText(hash).Trim()))
    });
    var license = XDocument.Load(Directory.GetFiles(folder, "*.nuspec").Single()).Descendants().FirstOrDefault(element => element.Name.LocalName == "license");
    if (license?.Attribute("type")?.Value == "expression")
    {
        component["licenses"] = License(license.Value);
    }

    return component;
}
