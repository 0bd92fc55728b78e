using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Testing;

namespace DockMon.Integration.Tests;

/// <summary>An agent on the host itself, and the programs it may become.</summary>
internal sealed class SelfUpdateScene : IAsyncDisposable
{
    /// <summary>For a new version that cannot prove itself: the test waits for all of it.</summary>
    public static readonly (string, string) ShortTrial = ("UPDATE_TIMEOUT", "15s");

    /// <summary>How long a new version has here to prove itself, on a busy machine as well.</summary>
    public static readonly TimeSpan UpdateTimeout = TimeSpan.FromSeconds(60);

    private readonly StaticSite _site;
    private readonly TemporaryFolder _folder;

    private SelfUpdateScene(TemporaryFolder folder, StaticSite site, Installation installation) =>
        (_folder, _site, Installation) = (folder, site, installation);

    public Installation Installation { get; }

    /// <summary>Where programs are offered for download.</summary>
    public string Folder => _folder.Path;

    /// <summary>What the agent has in its data folder.</summary>
    public string Bin => Path.Combine(Installation.AgentData, "bin");

    /// <summary>Starts a hub and an agent.</summary>
    /// <param name="ct">Ends the wait.</param>
    /// <param name="supervised">Whether the agent is to believe that something starts it again: systemd sets this variable.</param>
    /// <param name="more">More variables of the agent.</param>
    public static async Task<SelfUpdateScene> StartAsync(CancellationToken ct, bool supervised = false, params (string Name, string Value)[] more)
    {
        var environment = new Dictionary<string, string> { ["UPDATE_TIMEOUT"] = $"{UpdateTimeout.TotalSeconds}s", ["SELF_UPDATE"] = "any" };
        if (supervised)
        {
            environment["INVOCATION_ID"] = "tests";
        }

        foreach (var (name, value) in more)
        {
            environment[name] = value;
        }

        var folder = new TemporaryFolder();
        return new SelfUpdateScene(folder, await StaticSite.StartAsync(folder.Path, ct), await Installation.StartAsync(ct, environment: environment));
    }

    /// <summary>Asks for the update.</summary>
    public Task UpdateAsync(string program, CancellationToken ct, string? checksum = null, bool force = false) =>
        Installation.CommandAsync("self_update", ct, new JsonObject
        {
            ["version"] = "9.9.9", ["binary_url"] = $"{_site.Url}/{Path.GetFileName(program)}",
            ["checksum"] = checksum ?? OtherAgent.Sha256(program), ["force"] = force,
        });

    /// <summary>Version of the agent that is registered and connected now; empty when none is.</summary>
    public async Task<string> VersionAsync(CancellationToken ct)
    {
        var host = (await Installation.Http.GetFromJsonAsync<JsonElement>("/api/hosts", ct))[0];
        return host.GetProperty("connected").GetBoolean() ? host.GetProperty("registration").GetProperty("version").GetString()! : "";
    }

    public Task WaitForVersionAsync(string version, CancellationToken ct) =>
        Retry.UntilAsync($"version {version} is connected", async () => await VersionAsync(ct) == version, UpdateTimeout + Retry.DefaultTimeout, ct);

    /// <summary>Listens to what the hub is told of self-updates; the first event that <paramref name="condition"/> likes.</summary>
    public async Task<string> ToldAsync(Func<Task> act, Func<string, bool> condition, CancellationToken ct)
    {
        await using var stream = await Installation.Http.GetStreamAsync("/api/stream", ct);
        using var reader = new StreamReader(stream);
        await reader.ReadLineAsync(ct);
        await act();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(UpdateTimeout + Retry.DefaultTimeout);
        var seen = new StringBuilder();
        try
        {
            while (await reader.ReadLineAsync(limit.Token) is { } line)
            {
                if (line == "event: selfupdate_progress" && await reader.ReadLineAsync(limit.Token) is { } data)
                {
                    seen.AppendLine(data);
                    if (condition(data))
                    {
                        return data;
                    }
                }
            }
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            throw new TimeoutException($"The hub was not told. It heard:{Environment.NewLine}{seen}{Installation.Agent.Tail()}", e);
        }

        throw new InvalidOperationException("The hub closed its stream.");
    }

    /// <summary>Processes that belong to this agent: itself, its guard, and whatever these became.</summary>
    public IReadOnlyList<int> Processes()
    {
        var found = new List<int>();
        foreach (var directory in Directory.GetDirectories("/proc").Where(directory => char.IsAsciiDigit(directory[6])))
        {
            try
            {
                if (File.ReadAllText(Path.Combine(directory, "environ")).Split('\0').Contains("DATA_PATH=" + Installation.AgentData, StringComparer.Ordinal))
                {
                    found.Add(int.Parse(directory[6..], CultureInfo.InvariantCulture));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended in between.
            }
        }

        return found;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Processes())
        {
            await using var kill = ProgramProcess.Start("kill", ["-9", $"{process}"], new Dictionary<string, string>());
            await kill.WaitForExitAsync(CancellationToken.None);
        }

        await _site.DisposeAsync();
        await Installation.DisposeAsync();
        _folder.Dispose();
    }
}
