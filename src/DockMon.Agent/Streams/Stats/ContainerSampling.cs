using DockMon.Agent.Streams.Stats.Kernel;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Agent.Streams.Stats;

/// <summary>The state of a container in the sampler.</summary>
internal enum SamplingStage
{
    /// <summary>The source of its figures is not chosen yet.</summary>
    New,

    /// <summary>The engine is asked for its first process.</summary>
    Asking,

    /// <summary>It is read from the kernel.</summary>
    Kernel,

    /// <summary>The engine is asked for its figures.</summary>
    Engine,

    /// <summary>It seems to have ended, or cannot be measured.</summary>
    Resting,
}

/// <summary>A running container in the sampler. The loop owns it; fields that other threads set are volatile.</summary>
internal sealed class ContainerSampling(string id, string name)
{
    private volatile string _name = name;
    private volatile bool _started;
    private Reading? _last;

    public string Id => id;

    /// <summary>The beginning of its id, for people.</summary>
    public string ShortId => new ContainerId(id).Short;

    public SamplingStage Stage { get; set; }

    /// <summary>What the engine answered; meant for the loop once the whole round of questions has ended.</summary>
    public ProcessAnswer Answer { get; set; }

    /// <summary>The process that could not be found: found missing twice, it is not a matter of timing.</summary>
    public int MissingPid { get; set; }

    /// <summary>Since when it rests, when the engine is to be asked again after a while; null when only an event makes a difference.</summary>
    public long? RestingSince { get; private set; }

    /// <summary>When the engine last did not answer a question about its figures in time.</summary>
    public long? StuckSince { get; set; }

    /// <summary>Its open files while <see cref="SamplingStage.Kernel"/>.</summary>
    public KernelContainer? Files { get; set; }

    /// <summary>An event said that it was started, or that it goes by another name.</summary>
    public void Started(string newName)
    {
        _name = newName;
        _started = true;
    }

    /// <summary>Whether an event said so since the last call.</summary>
    public bool TakeStarted()
    {
        var started = _started;
        _started = false;
        return started;
    }

    /// <summary>The sample since the previous reading; null for the first reading, and for the first one after a pause.</summary>
    public ContainerStats? Since(in Reading now, string timestamp)
    {
        var sample = _last is { } last ? now.ToSample(last, id, _name, timestamp) : null;
        _last = now;
        return sample;
    }

    /// <summary>The next reading has nothing to be compared with.</summary>
    public void Forget() => _last = null;

    /// <summary>Closes its files and stops sampling it.</summary>
    public void Suspend(long? since)
    {
        Stage = SamplingStage.Resting;
        RestingSince = since;
        Files?.Dispose();
        Files = null;
        Forget();
    }
}
