using System.Diagnostics;
using System.Globalization;
using DockMon.Testing;

namespace DockMon.Bench.Hubs;

/// <summary>How many of the hub's events PostgreSQL takes by itself on this machine, into a table with the same indexes, from one connection.</summary>
internal static class PlainCopy
{
    private const int MostRows = 200_000;

    // As many as the hub stores at once.
    private const int Part = 1000;

    public static async Task<IReadOnlyList<(string Name, double Rows)>> MeasureAsync(PostgresServer server, TimeProvider time, CancellationToken ct)
    {
        const string Columns = "(host_id, received_at, key, payload)";
        using var folder = new TemporaryFolder();
        await RunAsync(server, $"\\copy (SELECT host_id, received_at, key, payload FROM events LIMIT {MostRows}) TO '{folder.File("rows")}'", ct);
        var parts = new List<string>();
        var rows = 0;
        foreach (var part in File.ReadLines(folder.File("rows")).Chunk(Part))
        {
            parts.Add(folder.File(string.Create(CultureInfo.InvariantCulture, $"rows-{parts.Count}")));
            await File.WriteAllLinesAsync(parts[^1], part, ct);
            rows += part.Length;
        }

        await RunAsync(server, "CREATE TABLE plain (LIKE events INCLUDING ALL)", ct);
        var whole = await TakeAsync($"\\copy plain {Columns} FROM '{folder.File("rows")}'");
        await RunAsync(server, "TRUNCATE plain", ct);
        var each = await TakeAsync(string.Join('\n', parts.Select(part => $"\\copy plain {Columns} FROM '{part}'")));
        await RunAsync(server, "DROP TABLE plain", ct);
        return [("rows a second by one plain COPY", rows / whole),
            (string.Create(CultureInfo.InvariantCulture, $"rows a second by COPY of {Part} each"), rows / each)];

        async Task<double> TakeAsync(string script)
        {
            var started = time.GetTimestamp();
            await RunAsync(server, script, ct);
            return time.GetElapsedTime(started).TotalSeconds;
        }
    }

    private static async Task RunAsync(PostgresServer server, string script, CancellationToken ct)
    {
        var start = new ProcessStartInfo("psql", ["-qX", "-v", "ON_ERROR_STOP=1", server.Address(PostgresServer.User)])
        {
            RedirectStandardInput = true, RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(script.AsMemory(), ct);
        process.StandardInput.Close();
        var error = await process.StandardError.ReadToEndAsync(ct);
        await process.WaitForExitAsync(ct);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"psql ended with {process.ExitCode}: {error}");
        }
    }
}
