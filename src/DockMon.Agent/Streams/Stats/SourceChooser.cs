using DockMon.Agent.Configuration;
using DockMon.Agent.Streams.Stats.Kernel;

namespace DockMon.Agent.Streams.Stats;

/// <summary>Decides for each container where its figures come from. The engine is asked beside the loop; everything else happens in it.</summary>
internal sealed class SourceChooser(StatsOrigin origin, FirstProcessFinder finder, KernelSource kernel, Func<string?> ownId, StatsNotices notices, TimeProvider time)
{
    /// <summary>How long the engine has to notice what the kernel shows already: that a container ended.</summary>
    public static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(3);

    private readonly List<Watch> _asked = [];

    /// <summary>The questions that are under way.</summary>
    public Task Asking { get; private set; } = Task.CompletedTask;

    /// <summary>Takes in what the engine answered about first processes, and asks about those of new containers.</summary>
    public async Task AdvanceAsync(IReadOnlyList<Watch> watches, CancellationToken ct)
    {
        if (!Asking.IsCompleted)
        {
            return;
        }

        await Asking;
        _asked.ForEach(TakeAnswer);
        _asked.Clear();
        foreach (var watch in watches)
        {
            Renew(watch);
        }

        if (finder.MayAsk)
        {
            _asked.AddRange(watches.Where(watch => watch.Stage == WatchStage.New));
            _asked.ForEach(watch => watch.Stage = WatchStage.Asking);
            Asking = _asked.Count == 0 ? Task.CompletedTask : finder.RoundAsync(_asked, ct);
        }
    }

    private void Renew(Watch watch)
    {
        var isDue = watch.RestingSince is { } since && time.GetElapsedTime(since) >= AskAgainAfter;
        if ((watch.TakeStarted() || isDue) && watch.Stage == WatchStage.Resting)
        {
            watch.Stage = WatchStage.New;
        }

        if (watch.Stage == WatchStage.New && origin == StatsOrigin.Engine)
        {
            notices.UsesEngine();
            watch.Stage = WatchStage.Engine;
        }
    }

    private void TakeAnswer(Watch watch)
    {
        if (watch.Stage != WatchStage.Asking)
        {
            return; // It ended meanwhile.
        }

        if (watch.Answer.Process is { } process)
        {
            Open(watch, process);
        }
        else if (watch.Answer.Known)
        {
            watch.Rest(time.GetTimestamp());
        }
        else
        {
            watch.Stage = WatchStage.New;
        }
    }

    private void Open(Watch watch, FirstProcess process)
    {
        try
        {
            watch.Files = kernel.Open(watch.Id, process.Pid, process.HasNetwork, isOwn: watch.Id == ownId());
            watch.Stage = WatchStage.Kernel;
            notices.UsesKernel();
        }
        catch (KernelUnreachableException) when (watch.MissingPid != process.Pid && !notices.SaidUnreachable)
        {
            // It may just have ended, and the engine does not know yet: it is asked once more before that is called a lack.
            watch.MissingPid = process.Pid;
            watch.Rest(time.GetTimestamp());
        }
        catch (KernelUnreachableException e)
        {
            watch.Rest(since: null);
            watch.Stage = notices.Unreachable(e.Message) ? WatchStage.Engine : WatchStage.Resting;
        }
    }
}
