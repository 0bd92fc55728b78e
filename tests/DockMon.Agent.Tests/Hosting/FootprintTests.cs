using DockMon.Agent.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Hosting;

public sealed class FootprintTests
{
    // Address ranges, then what the kernel tells of each; shortened.
    private const string Smaps = """
        1000-2000 r--p 00000000 fe:00 7                   /app/dockmon-agent
        Size:                  4 kB
        Anonymous:             0 kB
        VmFlags: rd mr mw me sd
        2000-5000 r-xp 00001000 fe:00 7                   /app/dockmon-agent
        Anonymous:             0 kB
        5000-6000 r--p 00004000 fe:00 7                   /app/dockmon-agent
        Anonymous:             4 kB
        6000-7000 rw-p 00005000 fe:00 7                   /app/dockmon-agent
        Anonymous:             0 kB
        7000-9000 rw-p 00000000 00:00 0
        Anonymous:             0 kB
        9000-a000 r-xp 00000000 00:00 0                   [vdso]
        Anonymous:             0 kB
        a000-b000 r--p 00000000 fe:00 8                   /lib/libc.so.6
        Anonymous:             0 kB
        b000-d000 r-xp 00001000 fe:00 8                   /lib/libc.so.6
        Anonymous:             0 kB
        d000-e000 r-xp 00001000 fe:00 9                   /lib/patched.so
        Anonymous:             8 kB
        """;

    [Fact]
    public void Only_pages_that_a_file_has_as_well_are_given_back() =>
        Footprint.CleanPages(Smaps.Split('\n'), "/app/dockmon-agent").ShouldBe([(0x1000, 0x1000), (0x2000, 0x3000), (0xb000, 0x2000)]);

    [Fact]
    public void A_process_that_gives_them_back_goes_on_as_before()
    {
        var alive = Enumerable.Range(0, 1000).ToDictionary(i => i, i => $"value {i}");
        Footprint.Trim(NullLogger.Instance);
        alive[999].ShouldBe("value 999");
        Footprint.CleanPages(File.ReadAllLines("/proc/self/smaps"), Environment.ProcessPath).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task It_gives_back_after_the_start_and_then_only_when_much_was_allocated()
    {
        var time = new FakeTimeProvider();
        using var stop = new CancellationTokenSource();
        var (allocated, times) = (1L, 0);
        var running = Footprint.RunAsync(time, () => allocated, () => times++, stop.Token);
        time.Advance(Footprint.First);
        times.ShouldBe(1);
        allocated += Footprint.Worthwhile - 1;
        time.Advance(Footprint.Every);
        time.Advance(Footprint.Every);
        times.ShouldBe(1);
        allocated++;
        time.Advance(Footprint.Every);
        times.ShouldBe(2);
        time.Advance(Footprint.Every);
        times.ShouldBe(2);
        await stop.CancelAsync();
        await running;
    }
}
