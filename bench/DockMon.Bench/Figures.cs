using System.Globalization;
using System.Text;

namespace DockMon.Bench;

/// <summary>What is said of many measurements of one thing, and how figures are written.</summary>
internal static class Figures
{
    public static double Median(IEnumerable<double> values) => Quantile(values, 0.5);

    /// <summary>The value below which so much of all values lies, between two of them by proportion.</summary>
    public static double Quantile(IEnumerable<double> values, double part)
    {
        var sorted = values.Order().ToArray();
        if (sorted.Length == 0)
        {
            return double.NaN;
        }

        var place = (sorted.Length - 1) * part;
        var below = (int)place;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((place - below) * (sorted[above] - sorted[below]));
    }

    /// <summary>Three digits that count, more only before the point; a dash for what was not measured.</summary>
    public static string Show(double value) => !double.IsFinite(value) ? "–"
        : value.ToString(Math.Abs(value) switch { >= 100 => "0", >= 10 => "0.0", _ => "0.00" }, CultureInfo.InvariantCulture);

    /// <summary>One value in terms of another.</summary>
    public static string Ratio(double value, double reference) => reference > 0 ? Show(value / reference) : "–";
}

/// <summary>A Markdown table.</summary>
internal sealed class Table(params IReadOnlyList<string> head)
{
    private readonly List<IReadOnlyList<string>> _rows = [];

    public void Add(params IReadOnlyList<string> row) => _rows.Add(row);

    /// <summary>The first column to the left, all others, which are figures, to the right.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append("| ").AppendJoin(" | ", head).Append(" |\n| --- |").Insert(text.Length, " ---: |", head.Count - 1).Append('\n');
        foreach (var row in _rows)
        {
            text.Append("| ").AppendJoin(" | ", row).Append(" |\n");
        }

        return text.ToString();
    }
}
