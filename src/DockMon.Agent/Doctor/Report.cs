using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using DockMon.Agent.Hosting;
using DockMon.Protocol;

namespace DockMon.Agent.Doctor;

/// <summary>The results of all checks, for people or for programs.</summary>
/// <param name="results">The results.</param>
/// <param name="secrets">Texts that are replaced wherever they appear.</param>
internal sealed class Report(IReadOnlyList<NamedResult> results, IReadOnlyList<string> secrets)
{
    private const string Green = "\e[32m", Yellow = "\e[33m", Red = "\e[31m", Grey = "\e[90m", Plain = "\e[0m";

    // The output is never part of a web page, and people read it, too.
    private static readonly DoctorJson Json = new(
        new JsonSerializerOptions(DoctorJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    // Shorter ones are no secrets, and would cut ordinary words.
    private const int ShortestSecret = 6;

    /// <summary>Whether nothing failed.</summary>
    public bool Ok => results.All(result => result.Finding.Status != CheckStatus.Failed);

    /// <summary>One JSON object on one line.</summary>
    public string ToJson() => JsonSerializer.Serialize(new DoctorAnswer(Ok, [.. results.Select(ToJson)]), Json.DoctorAnswer);

    /// <summary>Writes a line for each check, with the remedy on a line below it.</summary>
    public void Write(TextWriter output, bool colour)
    {
        var width = results.Max(result => result.Name.Length);
        output.WriteLine($"dockmon-agent {AgentVersion.Current}");
        foreach (var (name, finding) in results)
        {
            var word = Word(finding.Status).PadRight(8);
            output.WriteLine($"{(colour ? Colour(finding.Status) + word + Plain : word)} {name.PadRight(width)}  {Clean(finding.Found)}");
            if (finding.Remedy is not null)
            {
                output.WriteLine($"{new string(' ', width + 11)}→ {Clean(finding.Remedy)}");
            }
        }

        var (failed, warnings) = (Count(CheckStatus.Failed), Count(CheckStatus.Warning));
        output.WriteLine(failed + warnings == 0 ? "Nothing is wrong." : $"{failed} failed, {warnings} {(warnings == 1 ? "warning" : "warnings")}.");
    }

    private DoctorCheck ToJson(NamedResult result) =>
        new(result.Name, Word(result.Finding.Status), Clean(result.Finding.Found), CleanOrNull(result.Finding.Remedy));

    private int Count(CheckStatus status) => results.Count(result => result.Finding.Status == status);

    private static string Word(CheckStatus status) => status switch
    {
        CheckStatus.Ok => "ok",
        CheckStatus.Warning => "warning",
        CheckStatus.Failed => "failed",
        _ => "skipped",
    };

    private static string Colour(CheckStatus status) => status switch
    {
        CheckStatus.Ok => Green,
        CheckStatus.Warning => Yellow,
        CheckStatus.Failed => Red,
        _ => Grey,
    };

    private string? CleanOrNull(string? text) => text is null ? null : Clean(text);

    // Some of it is text of a server or an engine: it must neither break a line nor move the cursor.
    private string Clean(string text)
    {
        foreach (var secret in secrets.Where(secret => secret.Length >= ShortestSecret))
        {
            text = text.Replace(secret, "…", StringComparison.Ordinal);
        }

        return Visible.Blank(text);
    }
}

/// <summary>The answer of <c>doctor --json</c>.</summary>
internal sealed record DoctorAnswer(bool Ok, IReadOnlyList<DoctorCheck> Checks);

/// <summary>One check in the answer.</summary>
internal sealed record DoctorCheck(string Name, string Status, string Found, string? Remedy);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DoctorAnswer))]
internal sealed partial class DoctorJson : JsonSerializerContext;
