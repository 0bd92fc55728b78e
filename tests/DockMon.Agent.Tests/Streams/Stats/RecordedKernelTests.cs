using System.Globalization;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.Stats;

/// <summary>
/// The kernel source on what a real kernel showed, with control groups of version 2 and under both drivers of Docker 28, beside what the engine said of the
/// same containers at that moment. They were paused, so nothing moved in between but the host's time.
/// </summary>
public sealed class RecordedKernelTests
{
    public static TheoryData<string, string> Views => new MatrixTheoryData<string, string>(
        ["systemd", "cgroupfs"],
        ["subject-from-host", "subject-from-container", "agent-from-itself", "bare-from-itself"]);

    [Theory]
    [MemberData(nameof(Views))]
    public void What_is_read_is_what_the_engine_said(string driver, string view)
    {
        using var tree = new RecordedTree(driver, view);
        var (first, second) = tree.Read();
        foreach (var (reading, moment) in new[] { (first, 1), (second, 2) })
        {
            var (before, after) = (tree.Engine("before", moment), tree.Engine("after", moment));
            reading.ShouldBe(before with { System = reading.System });
            reading.System.ShouldBeInRange(before.System, after.System);
        }
    }

    [Theory]
    [InlineData("systemd", "subject-from-host")]
    [InlineData("systemd", "subject-from-container")]
    [InlineData("cgroupfs", "subject-from-host")]
    [InlineData("cgroupfs", "subject-from-container")]
    public void The_share_of_the_processors_is_the_engines(string driver, string view)
    {
        using var tree = new RecordedTree(driver, view);
        var (first, second) = tree.Read();

        // The engine's longest and shortest time between the two moments; it was busy in some of it.
        var least = tree.Engine("after", 2).CpuPercentSince(tree.Engine("before", 1));
        var most = tree.Engine("before", 2).CpuPercentSince(tree.Engine("after", 1));
        second.CpuPercentSince(first).ShouldBeInRange(least, most);
        least.ShouldBeGreaterThan(5);
        most.ShouldBeLessThan(55);
    }

    [Theory]
    [InlineData("systemd")]
    [InlineData("cgroupfs")]
    public void The_docker_command_shows_the_same_bytes_over_the_network_and_to_the_disk(string driver)
    {
        using var tree = new RecordedTree(driver, "subject-from-host");
        var (_, reading) = tree.Read();
        tree.DockerStats("NetIO").ShouldBe($"{Short(reading.NetworkRx)} / {Short(reading.NetworkTx)}");
        tree.DockerStats("BlockIO").ShouldBe($"{Short(reading.DiskRead)} / {Short(reading.DiskWrite)}");
    }

    [Theory]
    [InlineData("systemd")]
    [InlineData("cgroupfs")]
    public void The_docker_command_counts_shared_memory_and_the_protocols_working_set_does_not(string driver)
    {
        const ulong Shared = 24 << 20; // What the container has in /dev/shm.
        using var tree = new RecordedTree(driver, "subject-from-host");
        var (_, reading) = tree.Read();
        tree.DockerStats("MemUsage").ShouldBe("24.82MiB / 100MiB");
        reading.Memory.ShouldBeLessThan(1UL << 20);
        (reading.Memory + Shared).ShouldBeInRange(24UL << 20, 25UL << 20);
        reading.MemoryLimit.ShouldBe(100UL << 20);
    }

    // As the docker command writes numbers of bytes: four digits at most, of which three count.
    private static string Short(ulong bytes)
    {
        var (value, unit) = bytes switch
        {
            >= 1_000_000 => (bytes / 1e6, "MB"),
            >= 1_000 => (bytes / 1e3, "kB"),
            _ => (bytes, "B"),
        };
        return (value >= 100 ? value.ToString("0", CultureInfo.InvariantCulture) : value.ToString(value >= 10 ? "0.#" : "0.##", CultureInfo.InvariantCulture))
            + unit;
    }
}
