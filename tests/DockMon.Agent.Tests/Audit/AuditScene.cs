using DockMon.Agent.Audit;
using DockMon.Agent.Audit.Chain;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;

namespace DockMon.Agent.Tests.Audit;

/// <summary>An audit in a folder of its own.</summary>
internal sealed class AuditScene : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly TemporaryFolder _folder = new();
    private readonly List<AuditTrail> _trails = [];
    private readonly List<AuditWriter> _writers = [];

    public AuditScene() => Folder = AuditReader.FolderIn(_folder.Path);

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 23, 8, 0, 0, TimeSpan.Zero));

    public LogCapture Log { get; } = new();

    public string DataPath => _folder.Path;

    public string Folder { get; set; }

    public long MaxBytes { get; set; } = 1024 * 1024;

    public string Current => Path.Combine(Folder, "audit.jsonl");

    public string Head => Path.Combine(Folder, "head.json");

    public AuditTrail NewTrail()
    {
        var trail = new AuditTrail(Folder, MaxBytes, "wss://server/", Time);
        _trails.Add(trail);
        return trail;
    }

    /// <summary>The audit of another run of the agent; it has recorded its start.</summary>
    public AuditLog Start()
    {
        var writer = new AuditWriter(NewTrail(), Time, Log);
        _writers.Add(writer);
        var audit = new AuditLog(writer, Time);
        audit.Start("1.0");
        return audit;
    }

    /// <summary>Waits until everything is in the file, as the end of the agent does, which is recorded.</summary>
    public static Task StopAsync(AuditLog audit) => audit.StopAsync(Limit);

    /// <summary>Records so many operations, each with its begin and its end.</summary>
    public async Task WriteAsync(int operations)
    {
        var audit = Start();
        for (var i = 0; i < operations; i++)
        {
            var scope = await audit.BeginAsync(Stop($"web{i}"));
            Time.Advance(TimeSpan.FromSeconds(1));
            scope.End(null);
        }

        await StopAsync(audit);
    }

    public static AuditEntry Stop(string name) => new("stop")
    {
        Request = "r-" + name,
        Container = new AuditedContainer(new string('a', 64), name, "nginx:1"),
        Decision = AuditDecision.Allowed,
        Rule = "mode: full",
    };

    public string[] Lines(string file = "audit.jsonl") => File.ReadAllLines(Path.Combine(Folder, file));

    public AuditRecord[] Records() => [.. AuditReader.Lines(Folder).Select(line => AuditRecord.Read(line.Bytes.Span)).OfType<AuditRecord>()];

    /// <summary>Changes the lines of the current file.</summary>
    public void Edit(Action<List<string>> edit, string file = "audit.jsonl")
    {
        List<string> lines = [.. Lines(file)];
        edit(lines);
        File.WriteAllText(Path.Combine(Folder, file), string.Concat(lines.Select(line => line + "\n")));
    }

    public AuditVerdict Verify() => AuditChain.Verify(Folder);

    public async ValueTask DisposeAsync()
    {
        foreach (var writer in _writers)
        {
            await writer.FlushAsync(Limit);
        }

        _trails.ForEach(trail => trail.Dispose());
        _folder.Dispose();
    }
}
