using System.Buffers;
using System.Globalization;
using System.Text;

namespace DockMon.Hub.History.Metrics;

/// <summary>Writes metrics in Prometheus' text format, or in OpenMetrics'.</summary>
internal sealed class MetricsWriter(IBufferWriter<byte> output, bool openMetrics)
{
    private static readonly SearchValues<char> Special = SearchValues.Create("\\\"\n");

    /// <summary>Begins a family. All its metrics follow together.</summary>
    public void BeginFamily(string name, bool isCounter, string unit, string help)
    {
        // Prometheus' own format names a counter with its suffix, OpenMetrics without.
        var shown = isCounter && !openMetrics ? name + "_total" : name;
        Write($"# TYPE {shown} {(isCounter ? "counter" : "gauge")}\n");
        if (openMetrics && unit.Length > 0)
        {
            Write($"# UNIT {shown} {unit}\n");
        }

        Write($"# HELP {shown} {help}\n");
    }

    /// <summary>Writes one metric; a label that is empty is left out.</summary>
    public void WriteMetric(string name, bool isCounter, ReadOnlySpan<string> labels, double value)
    {
        Write(name);
        Write(isCounter ? "_total" : "");
        var separator = '{';
        foreach (var label in labels)
        {
            if (label.Length > 0)
            {
                Span<char> one = [separator];
                Write(one);
                Write(label);
                separator = ',';
            }
        }

        Write(separator == '{' ? " " : "} ");
        Span<char> number = stackalloc char[32];
        value.TryFormat(number, out var length, default, CultureInfo.InvariantCulture);
        Write(number[..length]);
        Write("\n");
    }

    /// <summary>Ends the text.</summary>
    public void End() => Write(openMetrics ? "# EOF\n" : "");

    /// <summary>A label with its value, which may be any text.</summary>
    public static string Label(string name, string value) =>
        $"{name}=\"{(value.AsSpan().ContainsAny(Special) ? value.Replace("\\", @"\\").Replace("\"", "\\\"").Replace("\n", "\\n") : value)}\"";

    private void Write(ReadOnlySpan<char> text) => Encoding.UTF8.GetBytes(text, output);
}
