using DockMon.Agent.Hosting;
using DockMon.Agent.Tests.Streams.Stats;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Hosting;

public sealed class MemoryTrimmerTests
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
        MemoryTrimmer.CleanPages(Smaps.Split('\n'), "/app/dockmon-agent").ShouldBe([(0x1000, 0x1000), (0x2000, 0x3000), (0xb000, 0x2000)]);

    [Fact]
    public void A_process_that_gives_them_back_goes_on_as_before()
    {
        var alive = Enumerable.Range(0, 1000).ToDictionary(i => i, i => $"value {i}");
        MemoryTrimmer.Trim(NullLogger.Instance);
        alive[999].ShouldBe("value 999");
        MemoryTrimmer.CleanPages(File.ReadAllLines("/proc/self/smaps"), Environment.ProcessPath).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Memory_is_given_back_after_the_start_and_then_only_when_something_was_done()
    {
        await using var fixture = new Fixture();
        fixture.Pass(MemoryTrimmer.First);
        fixture.Times.ShouldBe(1);
        fixture.Pass(TimeSpan.FromHours(1));
        fixture.Times.ShouldBe(1);
        await fixture.UseAsync();
        fixture.Pass(MemoryTrimmer.Quiet);
        fixture.Times.ShouldBe(2);
        fixture.Pass(TimeSpan.FromHours(1));
        fixture.Times.ShouldBe(2);
        fixture.Time.Timers.ShouldBe(0);
    }

    [Fact]
    public async Task The_trimmer_waits_until_it_is_quiet_but_not_for_ever()
    {
        await using var fixture = new Fixture();
        fixture.Pass(MemoryTrimmer.First + MemoryTrimmer.Rest);
        for (var passed = TimeSpan.Zero; passed < MemoryTrimmer.Longest; passed += TimeSpan.FromSeconds(2))
        {
            fixture.Times.ShouldBe(1);
            await fixture.UseAsync();
            fixture.Pass(TimeSpan.FromSeconds(2));
        }

        fixture.Times.ShouldBe(2);
    }

    [Fact]
    public async Task The_trimmer_rests_between_two_times()
    {
        await using var fixture = new Fixture();
        fixture.Pass(MemoryTrimmer.First);
        await fixture.UseAsync();
        fixture.Pass(MemoryTrimmer.Rest);
        fixture.Times.ShouldBe(1);
        fixture.Pass(MemoryTrimmer.Quiet);
        fixture.Times.ShouldBe(2);
    }

    private sealed class Fixture : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running;

        public Fixture()
        {
            Footprint = new MemoryTrimmer(() => Times++, Time);
            _running = Footprint.RunAsync(_stop.Token);
        }

        public MemoryTrimmer Footprint { get; }

        public CountingTime Time { get; } = new();

        public int Times { get; private set; }

        /// <summary>Lets time pass in steps of a second: it goes on in the very call that its timer is due in.</summary>
        public void Pass(TimeSpan time)
        {
            for (var passed = TimeSpan.Zero; passed < time; passed += TimeSpan.FromSeconds(1))
            {
                Time.Advance(TimeSpan.FromSeconds(1));
            }
        }

        /// <summary>Something is done, and it has taken notice.</summary>
        public Task UseAsync()
        {
            Footprint.MarkActivity();
            return Retry.UntilAsync("a timer runs", () => Time.Timers > 0, ct: TestContext.Current.CancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            _stop.Dispose();
        }
    }
}
