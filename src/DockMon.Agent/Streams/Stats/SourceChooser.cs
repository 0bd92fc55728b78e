using DockMon.Agent.Configuration;
using DockMon.Agent.Hosting;
using DockMon.Agent.Streams.Stats.Kernel;

namespace DockMon.Agent.Streams.Stats;

/// <summary>Decides for each container where its figures come from. The engine is asked beside the loop; everything else happens in it.</summary>
internal sealed class SourceChooser(
    StatsOrigin origin,
    FirstProcessFinder finder,
    KernelSource kernel,
    OwnContainer own,
    StatsNotices notices,
    TimeProvider time)
{
    /// <summary>How long the engine has to notice what the kernel shows already: that a container ended.</summary>
    public static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(3);

    private readonly List<ContainerSampling> _asked = [];

    /// <summary>The questions that are under way.</summary>
    public Task Asking { get; private set; } = Task.CompletedTask;

    /// <summary>Takes in what the engine answered about first processes, and asks about those of new containers.</summary>
    public async Task AdvanceAsync(IReadOnlyList<ContainerSampling> watches, CancellationToken ct)
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
            _asked.AddRange(watches.Where(watch => watch.Stage == SamplingStage.New));
            _asked.ForEach(watch => watch.Stage = SamplingStage.Asking);
            Asking = _asked.Count == 0 ? Task.CompletedTask : finder.RoundAsync(_asked, ct);
        }
    }

    private void Renew(ContainerSampling watch)
    {
        var isDue = watch.RestingSince is { } since && time.GetElapsedTime(since) >= AskAgainAfter;
        if ((watch.TakeStarted() || isDue) && watch.Stage == SamplingStage.Resting)
        {
            watch.Stage = SamplingStage.New;
        }

        if (watch.Stage == SamplingStage.New && origin == StatsOrigin.Engine)
        {
            notices.UsesEngine();
            watch.Stage = SamplingStage.Engine;
        }
    }

    private void TakeAnswer(ContainerSampling watch)
    {
        if (watch.Stage != SamplingStage.Asking)
        {
            return; // It ended meanwhile.
        }

        if (watch.Answer.Process is { } process)
        {
            Open(watch, process);
        }
        else if (watch.Answer.Known)
        {
            watch.Suspend(time.GetTimestamp());
        }
        else
        {
            watch.Stage = SamplingStage.New;
        }
    }

    private void Open(ContainerSampling watch, FirstProcess process)
    {
        try
        {
            watch.Files = kernel.Open(watch.Id, process.Pid, process.HasNetwork, isOwn: watch.Id == own.Current?.Id);
            watch.Stage = SamplingStage.Kernel;
            notices.UsesKernel();
        }
        catch (KernelUnreachableException) when (watch.MissingPid != process.Pid && !notices.SaidUnreachable)
        {
            // It may just have ended, and the engine does not know yet: it is asked once more before that is called a lack.
            watch.MissingPid = process.Pid;
            watch.Suspend(time.GetTimestamp());
        }
        catch (KernelUnreachableException e)
        {
            watch.Suspend(since: null);
            watch.Stage = notices.Unreachable(e.Message) ? SamplingStage.Engine : SamplingStage.Resting;
        }
    }
}
