// Writes what a published program is made of, as CycloneDX 1.6: dotnet run eng/sbom.cs -- ASSETS RID VERSION PROGRAM TIMESTAMP [PACKAGES]
// ASSETS is the project.assets.json of the restore that the publish used. With PACKAGES (image_packages of eng/lib.sh) it is of an image with the program.
#:property RestorePackagesWithLockFile=false
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;

var (assets, rid, version, program, timestamp) = (JsonNode.Parse(File.ReadAllText(args[0]))!, args[1], args[2], args[3], args[4]);
var packages = args.Length > 5 ? File.ReadAllLines(args[5]).Select(line => line.Split('\t')).ToList() : null;
var caches = assets["packageFolders"]!.AsObject().Select(folder => folder.Key).ToList();
var framework = assets["project"]!["frameworks"]!.AsObject().First().Value!;
var target = assets["targets"]!.AsObject().Single(entry => entry.Key.EndsWith("/" + rid, StringComparison.Ordinal)).Value!.AsObject();

var linked = target.Where(entry => entry.Value!["type"]!.ToString() == "package" && IsPart(entry.Value)).Select(entry => entry.Key);
// The framework's own code is in packs that are downloaded and not referenced.
string[] packs = framework["frameworkReferences"]!.AsObject().ContainsKey("Microsoft.AspNetCore.App")
    ? [$"Microsoft.NETCore.App.Runtime.NativeAOT.{rid}", $"Microsoft.AspNetCore.App.Runtime.{rid}"]
    : [$"Microsoft.NETCore.App.Runtime.NativeAOT.{rid}"];
string[] ids = [.. linked.Concat(packs.Select(Downloaded)).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.OrdinalIgnoreCase)];

var name = Path.GetFileName(program);
var content = File.ReadAllBytes(program);
var subject = $"pkg:generic/{name}@{version}?arch={rid}";
var self = new JsonObject
{
    ["type"] = "application",
    ["bom-ref"] = subject,
    ["name"] = name,
    ["version"] = version,
    ["licenses"] = License("Apache-2.0"),
    ["hashes"] = Hash("SHA-256", SHA256.HashData(content)),
};
var components = new JsonArray([.. ids.Select(FromNuGet)]);
var dependencies = new JsonArray([DependsOn(subject, ids.Select(Purl)), .. ids.Select(id => DependsOn(Purl(id), Needs(id).Select(Purl)))]);
if (packages is not null)
{
    components.Insert(0, self);
    foreach (var package in packages)
    {
        components.Add((JsonNode)FromDistribution(package));
    }

    var image = $"{subject}&type=image";
    dependencies.Insert(0, DependsOn(image, packages.Select(DistributionPurl).Prepend(subject)));
    self = new JsonObject { ["type"] = "container", ["bom-ref"] = image, ["name"] = $"{name}, the image", ["version"] = version };
}

// The same content has the same number.
var number = SHA256.HashData([.. content, .. packages is null ? [] : File.ReadAllBytes(args[5])]);
var bom = new JsonObject
{
    ["bomFormat"] = "CycloneDX",
    ["specVersion"] = "1.6",
    ["serialNumber"] = $"urn:uuid:{new Guid(number.AsSpan(0, 16), bigEndian: true)}",
    ["version"] = 1,
    ["metadata"] = new JsonObject { ["timestamp"] = timestamp, ["component"] = self },
    ["components"] = components,
    ["dependencies"] = dependencies,
};
Console.Out.WriteLine(bom.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));

// Analyzers and build tools bring nothing that is linked, or a placeholder.
static bool IsPart(JsonNode package) => new[] { package["runtime"], package["native"] }.OfType<JsonObject>()
    .SelectMany(files => files).Any(file => !file.Key.EndsWith("/_._", StringComparison.Ordinal));

static string Purl(string id) => "pkg:nuget/" + id.Replace('/', '@');

static string DistributionPurl(string[] package) =>
    $"pkg:deb/{package[3].Split('-')[0]}/{package[0]}@{Uri.EscapeDataString(package[1])}?arch={package[2]}&distro={package[3]}";

static JsonArray License(string expression) => new(new JsonObject { ["license"] = new JsonObject { ["id"] = expression } });

static JsonArray Hash(string algorithm, byte[] hash) => new(new JsonObject { ["alg"] = algorithm, ["content"] = Convert.ToHexStringLower(hash) });

static JsonNode DependsOn(string what, IEnumerable<string> others) =>
    new JsonObject { ["ref"] = what, ["dependsOn"] = new JsonArray([.. others.Select(other => (JsonNode)other)]) };

static JsonObject Library(string purl, string name, string version) =>
    new() { ["type"] = "library", ["bom-ref"] = purl, ["name"] = name, ["version"] = version, ["purl"] = purl };

static JsonObject FromDistribution(string[] package) => Library(DistributionPurl(package), package[0], package[1]);

string Downloaded(string pack) => framework["downloadDependencies"]!.AsArray()
    .Where(download => download!["name"]!.ToString() == pack)
    .Select(download => $"{pack}/{download!["version"]!.ToString().Trim('[', ']').Split(',')[0]}")
    .SingleOrDefault() ?? throw new InvalidOperationException($"{args[0]} has no {pack}: publish first");

IEnumerable<string> Needs(string id) => (target[id]?["dependencies"] as JsonObject ?? [])
    .Select(need => ids.FirstOrDefault(other => other.StartsWith(need.Key + "/", StringComparison.OrdinalIgnoreCase)))
    .OfType<string>();

JsonNode FromNuGet(string id)
{
    var folder = caches.Select(cache => Path.Combine(cache, id.ToLowerInvariant())).First(Directory.Exists);
    var component = Library(Purl(id), id.Split('/')[0], id.Split('/')[1]);
    component["hashes"] = Hash("SHA-512", Convert.FromBase64String(File.ReadAllText(Directory.GetFiles(folder, "*.nupkg.sha512").Single()).Trim()));
    var license = XDocument.Load(Directory.GetFiles(folder, "*.nuspec").Single()).Descendants().FirstOrDefault(element => element.Name.LocalName == "license");
    if (license?.Attribute("type")?.Value == "expression")
    {
        component["licenses"] = License(license.Value);
    }

    return component;
}
