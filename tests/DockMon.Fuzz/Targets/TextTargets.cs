using System.Text;
using System.Text.Json;
using DockMon.Agent.Connection;
using DockMon.Agent.Doctor;
using DockMon.Agent.Logging;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Fuzz.Targets;

/// <summary>Texts of others, where the agent shows them.</summary>
internal static class TextTargets
{
    /// <summary>A text in a line of the log, as text and as JSON, and in the results of doctor.</summary>
    public static void LogLine(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        CheckLine(Log(text, json: false));
        var line = Log(text, json: true);
        CheckLine(line);
        using var parsed = JsonDocument.Parse(line);
        var message = parsed.RootElement.GetProperty("msg").GetString();
        FuzzFailure.When(message != LogEntry.Cut(text), "the message of a JSON line is another than was logged");

        using var doctor = new StringWriter();
        var report = new Report([new("server", CheckResult.Warning(text, text))], [text.Length > 3 ? text[..3] : text]);
        report.Write(doctor, colour: false);
        var lines = doctor.ToString().Split('\n');
        FuzzFailure.When(lines.Length != 5 || Array.Exists(lines, shown => Visible.HasHidden(shown)), "doctor shows what does something");
        CheckLine(report.ToJson() + "\n");
        FuzzFailure.When(ServerText.Cut(text) is var cut && (cut.Length > ServerText.Length + 1 || Visible.HasHidden(cut)), "a text is not cut");
    }

    private static string Log(string text, bool json)
    {
        using var output = new StringWriter();
        using var loggers = new JsonLoggerFactory(output, LogLevel.Debug, json, TimeProvider.System);
        loggers.CreateLogger("fuzz").Log(LogLevel.Error, default, text, new InvalidOperationException(text), (state, _) => state);
        return output.ToString();
    }

    private static void CheckLine(string line) =>
        FuzzFailure.When(!line.EndsWith('\n') || Visible.HasHidden(line.AsSpan(0, line.Length - 1)), "a line shows what does something");
}
