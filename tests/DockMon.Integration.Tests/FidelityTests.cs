using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>
/// Every setting there is, set on a container, updated, and compared with what a person would expect. On all engines there are, side by side.
/// </summary>
public sealed class FidelityTests(FidelityTests.Runs runs) : IClassFixture<FidelityTests.Runs>
{
    private const string ThisMachine = "Docker";
    private const string Docker26 = "Docker 26.1";
    private const string Podman = "Podman";

    [Theory]
    [InlineData(ThisMachine, 70)]
    [InlineData(Docker26, 75)]
    [InlineData(Podman, 40)]
    public async Task Every_setting_survives_an_update(string engine, int least)
    {
        var run = runs.Of(engine);
        Assert.SkipWhen(run is null, $"{engine} is not here: {Runs.Variable(engine)} names none");
        var result = await run!;
        TestContext.Current.SendDiagnosticMessage(
            $"{engine}: {result.Compared} of {FidelityRun.Settings.Count} settings updated and compared; it refuses: {string.Join(" | ", result.Refused)}");
        result.Errors.ShouldBeEmpty();
        result.Differences.ShouldBeEmpty();
        result.Compared.ShouldBeGreaterThanOrEqualTo(least);
    }

    /// <summary>The runs on all engines, begun at once: each of them mostly waits.</summary>
    public sealed class Runs : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Dictionary<string, Task<FidelityResult>> _runs = [];

        public Runs()
        {
            Begin(ThisMachine, null);
            Begin(Docker26, Variable(Docker26));
            Begin(Podman, Variable(Podman));
        }

        public static string Variable(string engine) => engine == Podman ? "DOCKMON_TEST_PODMAN" : "DOCKMON_TEST_ENGINE26";

        internal Task<FidelityResult>? Of(string engine) => _runs.GetValueOrDefault(engine);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await Task.WhenAll(_runs.Values.Select(run => run.ContinueWith(_ => { }, TaskScheduler.Default)));
            _stop.Dispose();
        }

        private void Begin(string engine, string? variable)
        {
            var host = variable is null ? null : Environment.GetEnvironmentVariable(variable);
            if (variable is null || !string.IsNullOrEmpty(host))
            {
                _runs[engine] = FidelityRun.RunAsync(engine, new DockerCli(host), engine == Podman, _stop.Token);
            }
        }
    }
}
