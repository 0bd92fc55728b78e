using System.Globalization;

namespace DockMon.Bench;

/// <summary>All counters at one moment; two of them make a measurement.</summary>
internal sealed class Reading
{
    private readonly long _at;
    private readonly ProcessFigures? _agent;
    private readonly ProcessFigures? _daemon;
    private readonly ProcessFigures? _containerd;
    private readonly Dictionary<int, double> _shims;
    private readonly Sent _sent;
    private readonly (double Busy, double All) _machine;

    private Reading(EngineProcesses engine, Session? session, TimeProvider time)
    {
        _at = time.GetTimestamp();
        _machine = Machine(File.ReadLines("/proc/stat").First());
        _agent = session is null ? null
            : ProcessFigures.Read(session.Agent.Id)
                ?? throw new InvalidOperationException($"the agent ended while it was measured{Environment.NewLine}{session.Agent.Tail()}");
        _daemon = ProcessFigures.Read(engine.Daemon);
        _containerd = engine.Containerd is { } containerd ? ProcessFigures.Read(containerd) : null;
        _shims = engine.Shims.ToDictionary(pid => pid, pid => ProcessFigures.Read(pid)?.CpuSeconds ?? 0);
        _sent = session?.Traffic.Sent ?? new Sent(0, 0, 0);
    }

    public static Reading Take(EngineProcesses engine, Session? session, TimeProvider time) => new(engine, session, time);

    /// <summary>What was used since an earlier reading.</summary>
    public Usage Since(Reading earlier, TimeProvider time) => new()
    {
        Seconds = time.GetElapsedTime(earlier._at, _at).TotalSeconds,
        Agent = Cpu(earlier._agent, _agent),
        Daemon = Cpu(earlier._daemon, _daemon),
        Containerd = Cpu(earlier._containerd, _containerd),
        Shims = _shims.Sum(shim => Math.Max(0, shim.Value - earlier._shims.GetValueOrDefault(shim.Key, shim.Value))),
        ResidentBytes = _agent?.ResidentBytes ?? double.NaN,
        Threads = _agent?.Threads ?? double.NaN,
        AgentSwitches = Switches(earlier._agent, _agent),
        EngineSwitches = Switches(earlier._daemon, _daemon) + Switches(earlier._containerd, _containerd),
        ControlFrames = _agent is null ? double.NaN : _sent.ControlFrames - earlier._sent.ControlFrames,
        StatsFrames = _agent is null ? double.NaN : _sent.StatsFrames - earlier._sent.StatsFrames,
        SentBytes = _agent is null ? double.NaN : _sent.Bytes - earlier._sent.Bytes,
        MachineBusy = 100 * (_machine.Busy - earlier._machine.Busy) / (_machine.All - earlier._machine.All),
    };

    /// <summary>Ticks of all processors out of the first line of <c>/proc/stat</c>: those with work, and all.</summary>
    internal static (double Busy, double All) Machine(string line)
    {
        // user nice system idle iowait irq softirq steal; what guests used is in user already.
        var ticks = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9].Select(text => double.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return (ticks.Sum() - ticks[3] - ticks[4], ticks.Sum());
    }

    private static double Cpu(ProcessFigures? before, ProcessFigures? now) => before is null || now is null ? double.NaN : now.CpuSeconds - before.CpuSeconds;

    private static double Switches(ProcessFigures? before, ProcessFigures? now) => before is null || now is null ? double.NaN : now.SwitchesSince(before);
}

/// <summary>What was used in one stretch of time; what there was not is not a number.</summary>
internal sealed record Usage
{
    /// <summary>How long it was.</summary>
    public double Seconds { get; init; }

    /// <summary>Processor seconds of the agent.</summary>
    public double Agent { get; init; }

    /// <summary>Processor seconds of the daemon.</summary>
    public double Daemon { get; init; }

    /// <summary>Processor seconds of containerd.</summary>
    public double Containerd { get; init; }

    /// <summary>Processor seconds of the shims of the measured containers.</summary>
    public double Shims { get; init; }

    /// <summary>Processor seconds of all four.</summary>
    public double All => new[] { Agent, Daemon, Containerd, Shims }.Where(double.IsFinite).Sum();

    /// <summary>The agent's resident set at the end.</summary>
    public double ResidentBytes { get; init; }

    /// <summary>The agent's threads at the end.</summary>
    public double Threads { get; init; }

    /// <summary>Context switches of the agent.</summary>
    public double AgentSwitches { get; init; }

    /// <summary>Context switches of the daemon and of containerd.</summary>
    public double EngineSwitches { get; init; }

    /// <summary>Messages the agent sent on its control socket.</summary>
    public double ControlFrames { get; init; }

    /// <summary>Messages the agent sent on its stats socket.</summary>
    public double StatsFrames { get; init; }

    /// <summary>Bytes the agent sent.</summary>
    public double SentBytes { get; init; }

    /// <summary>How busy the whole machine was, percent: whether something else was going on.</summary>
    public double MachineBusy { get; init; }
}
