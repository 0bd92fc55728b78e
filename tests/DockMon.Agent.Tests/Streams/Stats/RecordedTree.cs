using System.Globalization;
using System.Text.Json;
using DockMon.Agent.Streams.Stats;
using DockMon.Agent.Streams.Stats.Kernel;
using DockMon.Engine;
using DockMon.Testing;

namespace DockMon.Agent.Tests.Streams.Stats;

/// <summary>
/// A file system as a kernel showed it of a container, recorded by <c>eng/vm-guest/record</c>: one text of "==> FILE &lt;==" lines with each file's content
/// below it. Other control groups that were there have no figures but a processor's time that is nobody's.
/// </summary>
internal sealed class RecordedTree : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _driver;
    private readonly string _view;
    private readonly string _id;
    private readonly int _pid;

    /// <param name="driver">The engine's cgroup driver.</param>
    /// <param name="view">Which container is seen, and from where: CONTAINER-from-PLACE.</param>
    public RecordedTree(string driver, string view)
    {
        (_driver, _view) = (driver, view);
        var container = File.ReadLines(PathOf(driver, "containers.txt")).Select(line => line.Split(' ')).Single(words => words[0] == Container);
        (_id, _pid) = (container[1], int.Parse(container[2], CultureInfo.InvariantCulture));
        foreach (var group in File.ReadLines(PathOf(driver, "groups.txt")))
        {
            foreach (var root in new[] { "host/sys/fs/cgroup", "sys/fs/cgroup" })
            {
                Write(Path.Combine(root, group, "cpu.stat"), "usage_usec 1\n");
            }
        }
    }

    private string Container => _view.Split('-')[0];

    /// <summary>What the kernel source makes of both moments.</summary>
    public (Reading First, Reading Second) Read()
    {
        Show(1);
        using var source = new KernelSource(_folder.Path);
        using var container = source.Open(_id, _pid, hasNetwork: true, isOwn: _view.EndsWith("-from-itself", StringComparison.Ordinal));
        source.Begin();
        var first = source.Read(container);
        Show(2);
        source.Begin();
        return (first, source.Read(container));
    }

    /// <summary>What the engine said shortly before, or after, a moment.</summary>
    public Reading Engine(string when, int moment) =>
        Reading.From(JsonSerializer.Deserialize<EngineStats>(File.ReadAllText(PathOf(_driver, $"{Container}.engine-{when}.{moment}.json")))!);

    /// <summary>A field of what <c>docker stats</c> printed at the second moment.</summary>
    public string DockerStats(string field) =>
        JsonElement.Parse(File.ReadAllText(PathOf(_driver, Container + ".docker-stats.2.json"))).GetProperty(field).GetString()!;

    public void Dispose() => _folder.Dispose();

    private static string PathOf(string driver, string name) => Path.Combine(AppContext.BaseDirectory, "Streams", "Stats", "Recorded", driver, name);

    private void Show(int moment)
    {
        foreach (var part in ("\n" + File.ReadAllText(PathOf(_driver, $"{_view}.{moment}.txt"))).Split("\n==> ")[1..])
        {
            var halves = part.Split(" <==\n", 2);
            Write(halves[0], halves[1] + "\n");
        }
    }

    private void Write(string name, string content)
    {
        var path = Path.Combine(_folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }
}
