using System.Text.Json;
using DockMon.Agent.Audit.Chain;
using DockMon.Agent.Configuration;
using DockMon.Agent.Hosting;
using DockMon.Protocol;

namespace DockMon.Agent.Audit;

/// <summary><c>dockmon-agent audit</c>: shows what was done on this host, or proves that nothing of it was changed.</summary>
internal static class AuditVerb
{
    public const string Usage = "audit [--since TIME|DURATION] [--json] | audit --verify [--json]";

    /// <summary>Reads the options and writes the answer.</summary>
    /// <param name="options">What follows the verb.</param>
    /// <param name="output">The output.</param>
    /// <param name="errors">Where it is said what is wrong with the answer as a whole, so that a program that reads it is not misled.</param>
    /// <param name="colour">Whether the output shows colours.</param>
    /// <param name="environment">The environment variables.</param>
    /// <param name="time">The clock.</param>
    /// <returns>The exit code: 0, 1 when the audit cannot be read or its chain is broken, 2 for options that are none.</returns>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> options, TextWriter output, TextWriter errors, bool colour, Func<string, string?> environment, TimeProvider time)
    {
        var isReading = true;
        var (json, verify, since) = (options.Contains("--json"), options.Contains("--verify"), (DateTimeOffset?)null);
        string[] rest = [.. options.Where(option => option is not ("--json" or "--verify"))];
        if (rest is ["--since", var text] && !verify && TryParse(text, time, out var start))
        {
            since = start;
        }
        else if (rest.Length > 0)
        {
            await output.WriteLineAsync($"usage: dockmon-agent {Usage}\nA TIME is 2026-11-23 or 2026-11-23T08:00:00Z; a DURATION is 30m or 12h: since then.");
            return 2;
        }

        try
        {
            // As for "health": root without capabilities may not open what is the agent's user's.
            Privileges.Drop(environment, DataOwner.Find);
            var folder = AuditReader.FolderIn(new EnvironmentReader(environment).DirectoryPath("DATA_PATH", "/data"));
            return verify ? await VerifyAsync(folder, json, WriteAsync)
                : await ShowAsync(folder, since, json ? ToJson : record => AuditText.Line(record, colour), WriteAsync, errors);
        }
        catch (Exception e) when (isReading && e is IOException or UnauthorizedAccessException or ConfigurationException)
        {
            await output.WriteLineAsync($"the audit cannot be read: {EnvironmentReader.Short(e.Message)}");
            return 1;
        }

        // An error of the output is no error of the audit.
        async Task WriteAsync(string line)
        {
            isReading = false;
            await output.WriteLineAsync(line);
            isReading = true;
        }
    }

    // Written anew: what somebody else put into the file may not be as harmless as what the agent writes.
    private static string ToJson(AuditRecord record) => JsonSerializer.Serialize(record, AuditJson.Default.AuditRecord);

    private static bool TryParse(string text, TimeProvider time, out DateTimeOffset since)
    {
        if (Duration.TryParse(text, out var ago))
        {
            since = time.GetUtcNow() - ago;
            return true;
        }

        return Rfc3339.TryParse(text.Length == 10 ? text + "T00:00:00Z" : text, out since);
    }

    private static async Task<int> ShowAsync(
        string folder, DateTimeOffset? since, Func<AuditRecord, string> format, Func<string, Task> writeAsync, TextWriter errors)
    {
        if (AuditReader.OldestAge(folder) < 0)
        {
            await writeAsync($"there is no audit in {folder}");
            return 1;
        }

        var (last, isWhole, odd) = (0L, true, (Text: (string?)null, Hash: default(Digest)));
        foreach (var line in AuditReader.Lines(folder))
        {
            if (AuditRecord.Read(line.Bytes.Span) is not { } record)
            {
                await TellOddAsync();
                odd = ($"{line.File} line {line.Number} is no record", Digest.Of(line.Bytes.Span));
                if (!line.IsEnded && AuditRecord.CanBegin(line.Bytes.Span, last + 1))
                {
                    odd = default; // The agent writes it just now.
                }

                continue;
            }

            odd = record.Torn == odd.Hash.ToString() ? default : odd; // The record itself says that one before it was not written to its end.
            await TellOddAsync();
            last = record.Sequence;
            if (since is null || !Rfc3339.TryParse(record.Time, out var at) || at >= since)
            {
                await writeAsync(format(record));
            }
        }

        await TellOddAsync();
        return isWhole ? 0 : 1;

        async Task TellOddAsync()
        {
            if (odd.Text is { } text)
            {
                await errors.WriteLineAsync(text + "; dockmon-agent audit --verify tells more");
                (odd, isWhole) = (default, false);
            }
        }
    }

    private static async Task<int> VerifyAsync(string folder, bool json, Func<string, Task> writeAsync)
    {
        var verdict = AuditChain.Verify(folder);
        if (json)
        {
            await writeAsync(JsonSerializer.Serialize(verdict, AuditJson.Default.AuditVerdict));
            return verdict.Ok ? 0 : 1;
        }

        foreach (var problem in verdict.Problems)
        {
            await writeAsync(problem.ToString());
        }

        foreach (var note in verdict.Notes)
        {
            await writeAsync("note: " + note);
        }

        if (verdict.Records > 0)
        {
            await writeAsync($"{verdict.Records} records, {verdict.First} to {verdict.Last}; the hash of the last is {verdict.Hash}");
        }

        await writeAsync(verdict switch
        {
            { Ok: true } => "The chain is whole.",
            { Problems: [{ Problem: AuditChain.NoRecords }] } => "There is no chain to prove.",
            _ => "The chain is broken.",
        });
        return verdict.Ok ? 0 : 1;
    }
}
