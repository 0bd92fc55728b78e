using DockMon.Agent.Commands;
using DockMon.Agent.Update;
using DockMon.Agent.Update.Journal;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Update;

public sealed class UpdateQueueTests : UpdateScene
{
    [Fact]
    public async Task An_update_may_be_asked_for_again_as_soon_as_its_failure_is_reported()
    {
        var web = Docker.Run("web", "app:1");
        CrashSuccessor(web);
        // The journal cannot be moved after the report, and whoever logs that is held.
        Directory.CreateDirectory(Path.Combine(DataPath, "updates", "ended", web.Id + ".json.tmp"));
        var log = new HoldingLog();
        var agent = new FakeAgent(Docker, DataPath, storeLog: log);
        await agent.UpdateAsync("web", Token);
        await log.Held.WaitAsync(Token);
        agent.Frames().ShouldContain(frame => frame.Contains("the old container is as it was", StringComparison.Ordinal));

        var again = agent.Queue.BeginAsync(
            new RunningUpdate(new AcceptedUpdate(web.Id, "web", "web"), [web.Id]), () => throw new CommandException("this one was begun"), Token);
        again.IsCompleted.ShouldBeFalse();
        log.Release();
        await again;
        await agent.UntilEndedAsync(Token);
        agent.Frames().ShouldContain(frame => frame.Contains("this one was begun", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_update_of_a_container_that_is_updated_is_refused()
    {
        var web = Docker.Run("web", "app:1");
        Docker.Hold(line => line.StartsWith("POST /containers/create", StringComparison.Ordinal));
        var agent = NewAgent();
        await agent.UpdateAsync("web", Token);
        await Docker.Arrived.WaitAsync(Token);
        (await Should.ThrowAsync<CommandException>(() => agent.UpdateAsync(web.Id, Token))).Message.ShouldContain("already under way");
        Docker.Release();
        await agent.UntilForgottenAsync(Token);
    }

    /// <summary>Holds the first who logs something, and with that an agent at that moment.</summary>
    private sealed class HoldingLog : ILogger<UpdateStore>
    {
        private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool _isReleased;

        public Task Held => _held.Task;

        public void Release() => _isReleased = true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            _held.TrySetResult();
            SpinWait.SpinUntil(() => _isReleased);
        }
    }
}
