using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Json;
using DockMon.Protocol;

namespace DockMon.Agent.Audit;

/// <summary>What a record says of a request: never the content of a file, a variable's value, a password or a command line.</summary>
internal static class RequestEntry
{
    // A shorter one would take ordinary words and port numbers out of error texts.
    private const int ShortestValue = 6;

    /// <summary>The entry of a request, as far as its payload tells.</summary>
    /// <param name="id">The server's id of the request; null when it has none.</param>
    /// <param name="action">The action.</param>
    /// <param name="payload">The payload; null for none.</param>
    public static AuditEntry Of(string? id, string action, object? payload)
    {
        var entry = new AuditEntry(action) { Request = id, Subject = SubjectOf(payload), Work = WorkOf(payload), Secrets = [.. SecretsOf(payload)] };
        return payload is ContainerOperation { Config: { ValueKind: JsonValueKind.Object } config } ? OfCreate(entry, config) : entry;
    }

    /// <summary>What no record may show of a container: an engine quotes the command line that it cannot execute.</summary>
    /// <param name="inspected">Docker's inspect object.</param>
    public static IEnumerable<string> SecretsOf(JsonObject inspected)
    {
        var config = inspected["Config"] as JsonObject ?? [];
        IEnumerable<string> Texts(string name) => (config[name] as JsonArray ?? []).Select(item => item.FindText()).OfType<string>();
        return Texts("Cmd").Concat(Texts("Entrypoint")).Where(word => word.Length >= ShortestValue)
            .Concat(Texts("Env").SelectMany(Setting))
            .OrderByDescending(secret => secret.Length);
    }

    private static string? SubjectOf(object? payload) => payload switch
    {
        ContainerOperation { NewName: { } name } => $"new name {name}",
        ContainerOperation request => request.Image ?? request.Name,
        UpdateContainerRequest request => $"new image {request.NewImage}",
        RemoveImageRequest request => request.ImageId,
        CreateNetworkRequest request => request.Name,
        DeleteNetworkRequest request => request.NetworkId,
        CreateVolumeRequest request => request.Name,
        DeleteVolumeRequest request => request.VolumeName,
        DeployComposeRequest { RemoveVolumes: true } request => $"{request.Action ?? "up"} of project {request.ProjectName}, its volumes included",
        DeployComposeRequest request => $"{request.Action ?? "up"} of project {request.ProjectName}",
        ScanComposeRequest { Paths: { Count: > 0 } paths } => string.Join(", ", paths),
        ReadComposeRequest request => request.Path,
        // An address may hold a password or a token.
        SelfUpdateRequest request => $"version {(request.Version is { Length: > 0 } version ? version : "unknown")} of {SourceOf(request)}",
        _ => null,
    };

    private static string SourceOf(SelfUpdateRequest request) =>
        request.Image is { Length: > 0 } image ? $"image {image}"
        : Uri.TryCreate(request.BinaryUrl, UriKind.Absolute, out var address) ? $"a program from {address.Scheme}://{address.Authority}"
        : "a program from an address";

    private static string? WorkOf(object? payload) => payload switch
    {
        UpdateContainerRequest request => request.ContainerId ?? "",
        DeployComposeRequest request => request.DeploymentId ?? "",
        SelfUpdateRequest => AuditAction.SelfUpdateWork,
        _ => null,
    };

    private static AuditEntry OfCreate(AuditEntry entry, JsonElement config)
    {
        try
        {
            var wanted = CreateConfig.Read(config);
            return entry with
            {
                Container = new AuditedContainer("", wanted.Name ?? "", wanted.Body.GetText("Image")),
                Dangers = AuditedDangers.Of(wanted.Body),
            };
        }
        catch (CommandException)
        {
            // Why it is no configuration is the outcome.
            var sent = JsonMarshal.GetRawUtf8Value(config);
            return entry with
            {
                Container = new AuditedContainer("", config.FindText("name") ?? "", config.FindText("image") ?? ""),
                Subject = string.Create(CultureInfo.InvariantCulture, $"a configuration of {sent.Length} bytes, SHA-256 {Digest.Of(sent)}"),
            };
        }
    }

    private static IEnumerable<string> SecretsOf(object? payload) => (payload switch
    {
        ContainerOperation { Config: { ValueKind: JsonValueKind.Object } config } =>
            [.. SettingsOf(config), .. WordsOf(config, "command"), .. WordsOf(config, "entrypoint")],
        UpdateContainerRequest request => [request.RegistryAuth?.Password ?? ""],
        DeployComposeRequest request =>
        [
            .. (request.RegistryCredentials ?? []).Select(credentials => credentials.Password ?? ""),
            .. (request.EnvFiles?.Values ?? []).Append(request.EnvFileContent ?? "").SelectMany(file => file.Split('\n', StringSplitOptions.TrimEntries))
                .SelectMany(Setting),
        ],
        SelfUpdateRequest request => [request.BinaryUrl ?? ""],
        _ => Array.Empty<string>(),
    }).Where(secret => secret.Length > 0).Distinct(StringComparer.Ordinal).OrderByDescending(secret => secret.Length);

    private static IEnumerable<string> SettingsOf(JsonElement config) =>
        config.GetMembers("environment").Select(member => $"{member.Name}={member.Value}").Concat(WordsOf(config, "environment")).SelectMany(Setting);

    /// <summary>A setting, and its value alone if that is no ordinary word.</summary>
    private static IEnumerable<string> Setting(string pair) => pair.Split('=', 2) is not [_, { Length: > 0 } value] ? []
        : value.Trim('"', '\'') is { Length: >= ShortestValue } word ? [pair, word] : [pair];

    private static IEnumerable<string> WordsOf(JsonElement config, string option) =>
        config.GetItems(option).Select(item => item.ToString()).Append(config.FindText(option) ?? "").Where(word => word.Length >= ShortestValue);
}
