using System.Text.Json;
using DockMon.Agent.Commands;
using DockMon.Protocol;

namespace DockMon.Agent.Policies.Redaction;

/// <summary>Refuses what has the mark of a redacted value in it: a server that sends back what it was told would make the mark the value.</summary>
internal static class RedactionMark
{
    /// <exception cref="CommandException">One of the files has the mark.</exception>
    public static void EnsureAbsent(DeployComposeRequest request)
    {
        IEnumerable<(string Name, string? Content)> files =
        [
            ("compose file", request.ComposeContent),
            (".env file", request.EnvFileContent),
            .. (request.EnvFiles ?? new Dictionary<string, string>()).Select(file => (file.Key, (string?)file.Value)),
        ];
        if (files.FirstOrDefault(file => Has(file.Content)).Name is { } marked)
        {
            throw Refusal($"deploy project {request.ProjectName}", $"its {marked}");
        }
    }

    /// <exception cref="CommandException">A container's configuration has the mark.</exception>
    public static void EnsureAbsent(JsonElement? config)
    {
        if (config is { ValueKind: JsonValueKind.Object } given && Has(given.GetRawText()))
        {
            throw Refusal("create container", "its configuration");
        }
    }

    private static bool Has(string? text) => text?.Contains(Redactor.Mark, StringComparison.Ordinal) == true;

    private static CommandException Refusal(string what, string where) => new(
        $"refused to {what}: {where} has \"{Redactor.Mark}\" in the place of a value that the host's policy does not tell the server. "
        + "Put the value there, or a variable such as ${NAME} that the host sets");
}
