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
    private readonly HttpClient _http = new(new SocketsHttpHandler(), disposeHandler: true) { Timeout = TimeSpan.FromMinutes(1) };

    private HubUnderTest(string name, string key)
    {
        Name = name;
        _http.DefaultRequestHeaders.Authorization = new("Bearer", key);
    }

    public string Name { get; }

    public IReadOnlyList<Uri> Addresses { get; private set; } = [];

    /// <summary>Starts hubs with a key of their own. Their other variables are the bench's, such as those of the database and the bus.</summary>
    public static async Task<HubUnderTest> StartAsync(string name, string program, int count, CancellationToken ct)
    {
        var key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var hub = new HubUnderTest(name, key);
        hub.Addresses = [.. Enumerable.Range(0, count)
            .Select(_ => new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Next()}")))];
        try
        {
            foreach (var address in hub.Addresses)
            {
                hub._processes.Add(ProgramProcess.Start(program, [], new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["HUB_URLS"] = address.OriginalString,
                    ["HUB_DATA"] = hub._data.File("data-" + address.Port.ToString(CultureInfo.InvariantCulture)),
                    ["HUB_ADMIN_KEY"] = key,
                    ["HUB_LOG_LEVEL"] = "warn",
                }));
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

    public Task<JsonElement> CommandAsync(string hostId, CancellationToken ct) =>
        PostAsync($"api/hosts/{hostId}/command", """{"command":"get_system_info"}""", ct);

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_processes.Select(process => process.EndAsync(ShutdownLimit)));
        _http.Dispose();
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
