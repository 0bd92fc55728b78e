using System.Globalization;
using DockMon.Engine;
using DockMon.Testing;

namespace DockMon.Bench;

/// <summary>What figures were taken on, without which they say nothing.</summary>
internal static class MachineDescription
{
    public static async Task<string> WriteAsync(EngineClient engine, DockerCli docker, CancellationToken ct)
    {
        var info = await engine.GetInfoAsync(ct);
        var version = await engine.GetVersionAsync(ct);
        var others = (await docker.RunAsync(["ps", "-q"], ct)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
        var machine = await WriteAsync(ct);
        var cgroup = info.CgroupVersion.Length > 0 ? "v" + info.CgroupVersion : "(version not told)";
        return string.Create(CultureInfo.InvariantCulture, $"""
            {machine}- Engine: {version.Version} (API {version.ApiVersion}), control groups {cgroup} by {info.CgroupDriver}, {others} other running containers

            """);
    }

    /// <summary>The machine without an engine.</summary>
    public static async Task<string> WriteAsync(CancellationToken ct)
    {
        var processor = Processor(await File.ReadAllLinesAsync("/proc/cpuinfo", ct));
        var memory = ProcessFigures.Field(await File.ReadAllLinesAsync("/proc/meminfo", ct), "MemTotal") / 1024.0 / 1024;
        var kernel = (await File.ReadAllTextAsync("/proc/sys/kernel/osrelease", ct)).Trim();
        var load = string.Join(' ', (await File.ReadAllTextAsync("/proc/loadavg", ct)).Split(' ').Take(3));
        return string.Create(CultureInfo.InvariantCulture, $"""
            - Machine: {processor}, {Environment.ProcessorCount} cores, {memory:0.0} GiB, Linux {kernel}; load average before it began: {load}

            """);
    }

    /// <summary>The processor's name; processors that have none say their part number.</summary>
    internal static string Processor(IEnumerable<string> cpuinfo)
    {
        var fields = cpuinfo.Select(line => line.Split(':', 2))
            .Where(pair => pair.Length == 2)
            .Select(pair => (Name: pair[0].Trim(), Value: pair[1].Trim()))
            .ToList();
        return fields.FirstOrDefault(field => field.Name == "model name").Value
            ?? (fields.FirstOrDefault(field => field.Name == "CPU part").Value is { } part ? $"ARM part {part}" : "unknown processor");
    }
}
