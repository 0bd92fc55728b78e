using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests;

public sealed class DescriptorLimitTests
{
    [Fact]
    public void The_limit_is_as_high_as_it_may_be()
    {
        var limit = DescriptorLimit.Raise();
        limit.ShouldBeGreaterThan(0UL);
        File.ReadAllLines("/proc/self/limits").Single(line => line.StartsWith("Max open files", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[3..5].ShouldBe([$"{limit}", $"{limit}"]);
    }
}
