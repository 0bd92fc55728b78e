using DockMon.Agent.Delivery;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Delivery;

public sealed class OutboxTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LogCapture _log = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Where_nothing_can_be_written_a_completion_is_sent_all_the_same_and_the_log_says_what_may_be_lost()
    {
        var file = Path.Combine(_folder.Path, "file");
        File.WriteAllText(file, "");
        var outbound = new Outbound(new Outbox(file), new FakeTimeProvider(), _log.CreateLogger<Outbound>());
        outbound.ResumeCompletions();
        outbound.TryTake().ShouldBeNull();
        outbound.PostCompletion("{}"u8.ToArray());
        outbound.TryTake().ShouldNotBeNull();
        _log.Lines.ShouldHaveSingleItem().ShouldContain("could not be written to disk");
    }
}
