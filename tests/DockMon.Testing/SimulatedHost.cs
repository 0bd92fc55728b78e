using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Protocol;

namespace DockMon.Testing;

/// <summary>
/// A host without a machine: an agent's side of the protocol, with a list of containers and figures that are made up. It refuses everything else, and says why.
/// </summary>
public sealed class SimulatedHost : IAsyncDisposable
{
    private const long MiB = 1024 * 1024;
    private const string Refusal = "This host is simulated: it has a list of containers and figures, and nothing else.";

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _listed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DateTimeOffset _began = Now;
    private readonly Uri _hub;
    private readonly SimulatedMachine _machine;
    private readonly int _seed;
    private readonly Task _running;
    private string _token;

    private SimulatedHost(Uri hub, string token, SimulatedMachine machine)
    {
        (_hub, _token, _machine) = (hub, token, machine);
        _seed = machine.Name.Sum(letter => letter);
        _running = RunAsync();
    }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>The hub's id of it.</summary>
    public string HostId { get; private set; } = "";

    /// <summary>Registers with a hub, and returns when that has the list of its containers.</summary>
    public static async Task<SimulatedHost> StartAsync(Uri hub, string token, SimulatedMachine machine, CancellationToken ct)
    {
        var host = new SimulatedHost(hub, token, machine);
        try
        {
            await (await Task.WhenAny(host._running, host._listed.Task)).WaitAsync(Retry.DefaultTimeout, ct);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_stop.IsCancellationRequested)
        {
            await _stop.CancelAsync();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stop.Dispose();
        }
    }

    /// <summary>Comes back when the hub was away, as agents do.</summary>
    private async Task RunAsync()
    {
        while (true)
        {
            try
            {
                using var socket = await AgentSocket.ConnectAsync(_hub, ProtocolLimits.ControlPath, IPAddress.Loopback, _stop.Token);
                await socket.SendAsync(AgentSocket.Frame(AgentSocket.Text, Registration()), _stop.Token);
                await TakeAsync(socket, JsonElement.Parse((await socket.ReadAsync(_stop.Token)).Payload));
                var (listening, sampling) = (ListenAsync(socket), SampleAsync(socket));
                var ended = await Task.WhenAny(listening, sampling);
                socket.Cut();
                await Task.WhenAll(listening, sampling).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await ended;
            }
            catch (Exception e) when (e is SocketException or IOException or HttpRequestException)
            {
                await Task.Delay(Second, TimeProvider.System, _stop.Token);
            }
        }
    }

    private async Task ListenAsync(AgentSocket socket)
    {
        while (true)
        {
            var message = await socket.ReadAsync(_stop.Token);
            if (message.Opcode == AgentSocket.Ping)
            {
                await socket.SendAsync(AgentSocket.Frame(AgentSocket.Pong, message.Payload), _stop.Token);
            }
            else if (message.Opcode == AgentSocket.Close)
            {
                throw new IOException("the hub closed the connection");
            }
            else if (message.Opcode == AgentSocket.Text)
            {
                await TakeAsync(socket, JsonElement.Parse(message.Payload));
            }
        }
    }

    private async Task TakeAsync(AgentSocket socket, JsonElement frame)
    {
        if (frame.GetProperty("type").ValueEquals(FrameTypes.AuthError))
        {
            throw new InvalidOperationException($"the hub refused {_machine.Name}: {frame}");
        }

        if (frame.TryGetProperty("permanent_token", out var token))
        {
            _token = token.GetString()!;
            HostId = frame.GetProperty("host_id").GetString()!;
        }
        else if (frame.TryGetProperty("id", out var id) && id.GetString() is { } request)
        {
            var lists = frame.TryGetProperty("command", out var command) && command.ValueEquals(CommandNames.ListContainers);
            var answer = lists ? FrameWriter.Response(request, Encoding.UTF8.GetBytes(Listed().ToJsonString()), Now)
                : frame.GetProperty("type").ValueEquals(FrameTypes.ContainerOperation) ? FrameWriter.OperationError(request, Refusal)
                : FrameWriter.ResponseError(request, Refusal, Now);
            await socket.SendAsync(AgentSocket.Frame(AgentSocket.Text, answer), _stop.Token);
            if (lists)
            {
                _listed.TrySetResult();
            }
        }
    }

    /// <summary>What has happened before, then a sample of the host and of each container every second.</summary>
    private async Task SampleAsync(AgentSocket socket)
    {
        for (var i = 0; i < _machine.Containers.Count; i++)
        {
            await socket.SendAsync(AgentSocket.Frame(AgentSocket.Text, Began(i)), _stop.Token);
        }

        for (long second = 0; ; second++)
        {
            await socket.SendAsync(AgentSocket.Frame(AgentSocket.Text, Own(second)), _stop.Token);
            for (var i = 0; i < _machine.Containers.Count; i++)
            {
                if (_machine.Containers[i].State == "running")
                {
                    await socket.SendAsync(AgentSocket.Frame(AgentSocket.Text, Sample(i, second)), _stop.Token);
                }
            }

            await Task.Delay(Second, TimeProvider.System, _stop.Token);
        }
    }

    private byte[] Registration() => FrameWriter.Message(
        new RegisterRequest
        {
            Token = _token,
            EngineId = "SIMULATED:" + _machine.Name.Replace('.', '-'),
            Hostname = _machine.Name,
            HostnameSource = HostnameSources.AgentName,
            Version = "3.0.0.dev0",
            ProtoVersion = ProtocolLimits.ProtocolVersion,
            Capabilities = new Dictionary<string, bool> { [Capabilities.EventStreaming] = true, [Capabilities.StatsCollection] = true },
            AgentOs = "linux",
            AgentArch = "amd64",
            OsType = "linux",
            OsVersion = _machine.System,
            KernelVersion = "6.12.0",
            DockerVersion = _machine.Docker,
            TotalMemory = _machine.MemoryGiB * 1024L * MiB,
            NumCpus = _machine.Cores,
        },
        ProtocolJson.Default.RegisterRequest);

    private byte[] Own(long second) => FrameWriter.Message(
        new HostStatsFrame
        {
            Stats = new HostStats
            {
                CpuPercent = Wave(_machine.Cpu, _seed, second),
                MemPercent = Math.Round(_machine.Memory + (0.4 * Math.Sin(second / 21.0)), 1),
                NetBytesPerSec = Wave(_machine.Cpu * 9000, _seed + 1, second),
                Extended = new ExtendedHostStats
                {
                    LoadAverage = [Wave(_machine.Cpu * _machine.Cores / 100, _seed, second)],
                    Disks = [],
                    FileSystems =
                    [
                        new() { Device = "/dev/sda1", MountPoint = "/", TotalBytes = 500_000 * MiB, UsedBytes = (long)(_machine.Disk * 5000) * MiB },
                    ],
                    Temperatures = [],
                },
            },
        },
        ProtocolJson.Default.HostStatsFrame);

    private byte[] Sample(int index, long second)
    {
        var container = _machine.Containers[index];
        return FrameWriter.Event(
            EventNames.ContainerStats,
            new ContainerStats
            {
                ContainerId = ContainerId(index),
                ContainerName = container.Name,
                CpuPercent = Wave(container.Cpu, _seed + index, second),
                MemoryUsage = (long)Wave(container.MemoryMiB * MiB, _seed, second / 5),
                MemoryLimit = _machine.MemoryGiB * 1024L * MiB,
                MemoryPercent = container.MemoryMiB / (_machine.MemoryGiB * 10.24),
                NetworkRx = second * (1000 + (37 * index)),
                NetworkTx = second * (4000 + (91 * index)),
                DiskRead = second * 2048,
                DiskWrite = second * 4096,
                Timestamp = Rfc3339.Format(Now),
            },
            ProtocolJson.Default.ContainerStats,
            Now);
    }

    /// <summary>How a container came to its state. The time is the same whenever it is told, so that the hub has it once.</summary>
    private byte[] Began(int index)
    {
        var container = _machine.Containers[index];
        return FrameWriter.Event(
            EventNames.ContainerEvent,
            new ContainerEvent
            {
                ContainerId = ContainerId(index),
                ContainerName = container.Name,
                Image = container.Image,
                Action = container.State == "running" ? "start" : "die",
                Timestamp = Rfc3339.Format(_began.AddMinutes(-4 - (13 * index) - (_seed % 50))),
                Attributes = new Dictionary<string, string> { ["exitCode"] = "0", ["image"] = container.Image, ["name"] = container.Name },
            },
            ProtocolJson.Default.ContainerEvent,
            Now);
    }

    private JsonArray Listed() => new([.. _machine.Containers.Select((container, index) => (JsonNode)new JsonObject
    {
        ["Id"] = ContainerId(index),
        ["Names"] = new JsonArray("/" + container.Name),
        ["Image"] = container.Image,
        ["ImageID"] = "sha256:" + ContainerId(index),
        ["Created"] = _began.AddDays(-12).ToUnixTimeSeconds(),
        ["Ports"] = new JsonArray(),
        ["Labels"] = container.Project.Length == 0 ? [] : new JsonObject
        {
            ["com.docker.compose.project"] = container.Project,
            ["com.docker.compose.service"] = container.Name,
        },
        ["State"] = container.State,
        ["Status"] = container.Status,
        ["StartedAt"] = container.State == "running" ? Rfc3339.Format(_began.AddMinutes(-4 - (13 * index) - (_seed % 50))) : "",
    })]);

    private string ContainerId(int index) => string.Create(CultureInfo.InvariantCulture, $"{_seed:x8}{index:x8}{0xdec0de:x48}");

    /// <summary>A figure that goes up and down around its mean.</summary>
    private static double Wave(double mean, int seed, long second) =>
        Math.Round(mean * (1 + (0.25 * Math.Sin((second / 9.0) + seed)) + (0.12 * Math.Sin((second / 2.3) + (2 * seed)))), 2);
}
