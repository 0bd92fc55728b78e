using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using DockMon.Agent.Hosting;

namespace DockMon.Agent.Doctor;

/// <summary>What the checks found, for people and for programs.</summary>
/// <param name="results">The checks that were made.</param>
/// <param name="secrets">What must not be shown, wherever it may come from.</param>
internal sealed class Report(IReadOnlyList<NamedResult> results, IReadOnlyList<string> secrets)
{
    private const string Green = "\e[32m", Yellow = "\e[33m", Red = "\e[31m", Grey = "\e[90m", Plain = "\e[0m";

    // It stands in no web page, and people read it, too.
    private static readonly DoctorJson Json = new(new JsonSerializerOptions(DoctorJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    // Shorter ones are no secrets, and would make holes into ordinary words.
    private const int ShortestSecret = 6;

    /// <summary>Whether nothing failed.</summary>
    public bool Ok => results.All(result => result.Finding.Status != CheckStatus.Failed);

    /// <summary>One object, on one line.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        new DoctorAnswer(Ok, [.. results.Select(result => new DoctorCheck(result.Name, Word(result.Finding.Status), Clean(result.Finding.Found), CleanOrNull(result.Finding.Remedy)))]),
        Json.DoctorAnswer);

    /// <summary>A line for each check, and one below it where there is something to do.</summary>
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

    // A server's own words are in some of it: they must neither break a line nor move a cursor.
    private string Clean(string text)
    {
        foreach (var secret in secrets.Where(secret => secret.Length >= ShortestSecret))
        {
            text = text.Replace(secret, "…", StringComparison.Ordinal);
        }

        return string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter));
    }
}

/// <summary>The answer of <c>doctor --json</c>.</summary>
internal sealed record DoctorAnswer(bool Ok, IReadOnlyList<DoctorCheck> Checks);

/// <summary>One check of it.</summary>
internal sealed record DoctorCheck(string Name, string Status, string Found, string? Remedy);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DoctorAnswer))]
internal sealed partial class DoctorJson : JsonSerializerContext;
