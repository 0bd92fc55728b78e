using System.Text.Json;
using DockMon.Protocol;

namespace DockMon.Agent.Policies.Redaction;

/// <summary>The engine's JSON of a container without what the server is not told.</summary>
internal static class RedactedJson
{
    // Their keys are names that people give.
    private static readonly string[] Maps = ["Labels", "Annotations", "Options", "DriverOpts", "Sysctls"];

    /// <summary>Redacts a document.</summary>
    /// <param name="json">The document.</param>
    /// <param name="redactor">Says what is not told.</param>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> json, Redactor redactor) => !redactor.IsActive ? json
        : JsonTexts.Replace(json, (text, place) => text is null ? Redactor.Mark : Redact(text, place, redactor));

    private static string Redact(string text, JsonPlace place, Redactor redactor) =>
        place.IsList ? place.Name == "Env" ? redactor.Variable(text) : redactor.Item(text, place.Before)
        : place is { Name: "Config", Parent: "LogConfig" } || Maps.Contains(place.Name, StringComparer.Ordinal) ? redactor.Value(place.Key ?? "", text)
        : redactor.Text(text);
}
