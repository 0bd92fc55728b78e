using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DockMon.Testing;

namespace DockMon.Bench.Hubs;

/// <summary>What the processes of the hubs have used so far, and have now.</summary>
internal readonly record struct HubFigures(double CpuSeconds, double ResidentBytes)
{
    public static HubFigures operator -(HubFigures now, HubFigures before) =>
        new(now.CpuSeconds - before.CpuSeconds, now.ResidentBytes - before.ResidentBytes);
}

/// <summary>The hubs that are measured: processes of the bench's own, or others' at given addresses, whose use of the machine is not known.</summary>
internal sealed class HubUnderTest : IAsyncDisposable
{
    private static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _data = new();
    private readonly List<ProgramProcess> _processes = [];
    private PostgresServer? _postgres;
    private NatsServer? _nats;
    private readonly HttpClient _http = new(new SocketsHttpHandler(), disposeHandler: true) { Timeout = TimeSpan.FromMinutes(1) };

    private HubUnderTest(string name, string key)
    {
        Name = name;
        Key = key;
        _http.DefaultRequestHeaders.Authorization = new("Bearer", key);
    }

    public string Name { get; }

    /// <summary>The admin key.</summary>
    public string Key { get; }

    public IReadOnlyList<Uri> Addresses { get; private set; } = [];

    /// <summary>The PostgreSQL server that was started for them; null when there is none.</summary>
    public PostgresServer? Postgres => _postgres;

    /// <summary>Starts hubs with a key of their own. Their other variables are the bench's, such as those of the database and the bus.</summary>
    /// <param name="name">Their name in the results.</param>
    /// <param name="program">The hub.</param>
    /// <param name="count">Number of hubs; several get a NATS server.</param>
    /// <param name="postgres">Whether they get a PostgreSQL server.</param>
    /// <param name="ct">Cancels.</param>
    public static async Task<HubUnderTest> StartAsync(string name, string program, int count, bool postgres, CancellationToken ct)
    {
        var key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var hub = new HubUnderTest(name, key);
        hub.Addresses = [.. Enumerable.Range(0, count)
            .Select(_ => new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Next()}")))];
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HUB_DATA"] = hub._data.Path,
            ["HUB_ADMIN_KEY"] = key,
            ["HUB_LOG_LEVEL"] = "warn",
        };
        try
        {
            if (postgres)
            {
                using var authority = new TestAuthority();
                hub._postgres = await PostgresServer.StartAsync(authority, ct, durable: true);
                environment["HUB_DATABASE"] = hub._postgres.Address(PostgresServer.User);
            }

            if (count > 1)
            {
                hub._nats = await NatsServer.StartAsync(ct);
                environment["HUB_NATS"] = hub._nats.Url;
            }

            foreach (var address in hub.Addresses)
            {
                environment["HUB_URLS"] = address.OriginalString;
                hub._processes.Add(ProgramProcess.Start(program, [], environment));
                await hub.UntilHealthyAsync(address, ct);
            }

            return hub;
        }
        catch
        {
            await hub.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes hubs that run already.</summary>
    public static HubUnderTest At(IReadOnlyList<Uri> addresses, string key) => new("running", key) { Addresses = addresses };

    /// <summary>Whether one of them can be lost.</summary>
    public bool CanKill => _processes.Count > 1;

    /// <summary>Ends the last hub at once.</summary>
    public void KillLast()
    {
        _processes[^1].Kill();
        _processes.RemoveAt(_processes.Count - 1);
        Addresses = [.. Addresses.SkipLast(1)];
    }

    /// <summary>The stored events of a host, newest first.</summary>
    public async Task<JsonElement> EventsAsync(string hostId, int limit, CancellationToken ct) => JsonElement.Parse(
        await _http.GetStringAsync(new Uri(Addresses[Random.Shared.Next(Addresses.Count)], $"api/hosts/{hostId}/events?limit={limit}"), ct));

    /// <summary>Processor time of PostgreSQL so far, in seconds; not a number where it is not the bench's.</summary>
    public double DatabaseSeconds() => _postgres is null ? double.NaN : ProcessFigures.CpuOfFamily(_postgres.ProcessId);

    /// <summary>Memory of each hub in bytes.</summary>
    public IReadOnlyList<double> Memory() => _processes.ConvertAll(process => (double)(ProcessFigures.Read(process.Id)?.ResidentBytes ?? 0));

    /// <summary>Processor time and memory of all of them together.</summary>
    public HubFigures Read()
    {
        if (_processes.Count == 0)
        {
            return new HubFigures(double.NaN, double.NaN);
        }

        var figures = _processes.ConvertAll(process => ProcessFigures.Read(process.Id)
            ?? throw new InvalidOperationException("a hub ended: " + process.Tail()));
        return new HubFigures(figures.Sum(one => one.CpuSeconds), figures.Sum(one => one.ResidentBytes));
    }

    public async Task<string> NewTokenAsync(int uses, CancellationToken ct) =>
        (await PostAsync("api/tokens", $$"""{"max_uses":{{uses}}}""", ct)).GetProperty("token").GetString()!;

    /// <summary>A client of the first hub's API.</summary>
    public HubClient NewClient() => new(Addresses[0].AbsoluteUri, Key);

    public Task<JsonElement> CommandAsync(string hostId, CancellationToken ct) =>
        PostAsync($"api/hosts/{hostId}/command", """{"command":"get_system_info"}""", ct);

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_processes.Select(process => process.EndAsync(ShutdownLimit)));
        _http.Dispose();
        if (_nats is not null)
        {
            await _nats.DisposeAsync();
        }

        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }

        _data.Dispose();
    }

    private async Task<JsonElement> PostAsync(string path, string body, CancellationToken ct)
    {
        var address = Addresses[Random.Shared.Next(Addresses.Count)];
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync(new Uri(address, path), content, ct);
        var text = await response.Content.ReadAsStringAsync(ct);
        return response.IsSuccessStatusCode ? JsonElement.Parse(text) : throw new InvalidOperationException($"POST {path}: {(int)response.StatusCode} {text}");
    }

    private Task UntilHealthyAsync(Uri address, CancellationToken ct) => Retry.UntilAsync(
        $"the hub at {address} answers",
        async () =>
        {
            using var response = await _http.GetAsync(new Uri(address, "health"), ct);
            return response.IsSuccessStatusCode;
        },
        ct: ct);
}
