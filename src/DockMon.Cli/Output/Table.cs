namespace DockMon.Cli.Output;

/// <summary>Rows under headings. On a terminal the widest columns are cut until a row fits on a line; elsewhere nothing is.</summary>
internal sealed class Table(params string[] headings)
{
    private const int Gap = 2;

    private const int LeastColumns = 6;

    private readonly List<string[]> _rows = [];

    /// <summary>Adds a row; its texts are made harmless.</summary>
    public void Add(params string?[] cells) => _rows.Add([.. cells.Select(Text.Safe)]);

    public async Task WriteAsync(CliConsole console)
    {
        List<string[]> rows = [headings, .. _rows];
        int[] widths = [.. headings.Select((_, column) => rows.Max(row => Text.Width(row[column])))];
        if (console.Width is { } screen)
        {
            Shrink(widths, screen - (Gap * (headings.Length - 1)));
        }

        foreach (var row in rows)
        {
            var line = string.Concat(row.Select((cell, column) => Cell(cell, widths[column], last: column == row.Length - 1)));
            await console.Out.WriteLineAsync(line.TrimEnd());
        }
    }

    private static string Cell(string text, int width, bool last)
    {
        var fitted = Text.Fit(text, width);
        return last ? fitted : fitted + new string(' ', width - Text.Width(fitted) + Gap);
    }

    private static void Shrink(int[] widths, int room)
    {
        while (widths.Sum() > room)
        {
            var widest = Array.IndexOf(widths, widths.Max());
            if (widths[widest] <= LeastColumns)
            {
                return;
            }

            widths[widest]--;
        }
    }
}
