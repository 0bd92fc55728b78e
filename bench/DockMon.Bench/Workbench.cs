using DockMon.Engine;
using DockMon.Testing;

namespace DockMon.Bench;

/// <summary>What every verb needs: the engine two ways, containers that are removed at the end, a clock, and where results and progress go.</summary>
internal sealed class Workbench : IAsyncDisposable
{
    public const string Label = "dockmon.bench";

    // More at once makes the daemon slower at each, not faster at all.
    private const int StartedAtOnce = 4;

    private readonly TestContainers _containers;

    public Workbench()
    {
        Engine = new EngineClient(
            EngineEndpoint.FromEnvironment(
                Host,
                Environment.GetEnvironmentVariable("DOCKER_CERT_PATH"),
                Environment.GetEnvironmentVariable("DOCKER_TLS_VERIFY")), Time);
        _containers = new TestContainers(Docker, "dockmon-bench");
    }

    public static string? Host => Environment.GetEnvironmentVariable("DOCKER_HOST");

    public TimeProvider Time { get; } = TimeProvider.System;

    public DockerCli Docker { get; } = new();

    public EngineClient Engine { get; }

    public TextWriter Results { get; } = Console.Out;

    /// <summary>Says what goes on.</summary>
    public static void Say(string text) => Console.Error.WriteLine(text);

    /// <summary>Starts containers that do nothing, and end at once when they are told to; their ids.</summary>
    public async Task<IReadOnlyList<string>> RunIdleAsync(int count, CancellationToken ct)
    {
        await TestImage.EnsureOnAsync(Docker, ct);
        var ids = new string[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = StartedAtOnce, CancellationToken = ct }, async (i, token) =>
            ids[i] = await _containers.RunAsync(["sleep", "100000000"], token, ["--label", Label]));
        return ids;
    }

    /// <summary>Has a container that something else made removed at the end.</summary>
    public void Own(string container) => _containers.Own(container);

    public async Task WriteMachineAsync(CancellationToken ct) => await Results.WriteLineAsync(await MachineDescription.WriteAsync(Engine, Docker, ct));

    public Task WaitAsync(double seconds, CancellationToken ct) => Task.Delay(TimeSpan.FromSeconds(seconds), Time, ct);

    public async ValueTask DisposeAsync()
    {
        Say("removing the bench's containers");
        await _containers.DisposeAsync();
        Engine.Dispose();
    }
}
