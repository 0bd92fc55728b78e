using System.Globalization;
using System.Text;
using DockMon.Agent.Configuration;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Audit;

/// <summary>Records as people read them.</summary>
internal static class AuditText
{
    private const string Green = "\e[32m", Yellow = "\e[33m", Red = "\e[31m", Grey = "\e[90m", Plain = "\e[0m";

    /// <summary>What a record is about and how it ended, in one line; what others wrote in it may still hide something.</summary>
    public static string Describe(AuditRecord record)
    {
        var text = new StringBuilder();
        Add(text, "", record.Container is { } container ? Describe(container) : null);
        Add(text, ", ", record.Subject);
        Add(text, "; ", record.Dangers is { Count: > 0 } dangers ? string.Join(", ", dangers) : null);
        Add(text, "; ", record.Decision is { } decision && decision != AuditDecision.Allowed ? $"{decision} by {record.Rule}" : null);
        Add(text, ": ", record.Outcome);
        Add(text, ", ", record.Milliseconds is { } milliseconds ? $"after {Duration.Format(TimeSpan.FromMilliseconds(milliseconds))}" : null);
        Add(text, ", ", record.Begin is { } begin ? string.Create(CultureInfo.InvariantCulture, $"begun by {begin}") : null);
        return text.ToString();
    }

    /// <summary>A line for a terminal: nothing in it can do anything to it.</summary>
    public static string Line(AuditRecord record, bool colour)
    {
        var time = record.Time.Length >= 19 ? $"{record.Time[..10]} {record.Time[11..19]}Z" : record.Time;
        var (grey, shade, plain) = colour ? (Grey, ColourOf(record), Plain) : ("", "", "");
        var number = record.Sequence.ToString(CultureInfo.InvariantCulture).PadLeft(6);
        return $"{grey}{Visible.Escape(time)} {number}{plain} {shade}{Visible.Escape(record.Phase),-7}{plain} "
            + Visible.Escape($"{record.Action,-17} {Describe(record)}").TrimEnd();
    }

    private static string Describe(AuditedContainer container)
    {
        string[] known = [new ContainerId(container.Id).Short, container.Image];
        return $"{container.Name} ({string.Join(", ", known.Where(word => word.Length > 0))})".TrimStart();
    }

    private static string ColourOf(AuditRecord record) => record switch
    {
        { Phase: AuditPhase.Refused } => Red,
        { Phase: AuditPhase.End or AuditPhase.Noted, Outcome: not "ok" } => Yellow,
        { Phase: AuditPhase.End } => Green,
        _ => "",
    };

    private static void Add(StringBuilder text, string separator, string? part)
    {
        if (!string.IsNullOrEmpty(part))
        {
            text.Append(text.Length > 0 ? separator : "").Append(part);
        }
    }
}
