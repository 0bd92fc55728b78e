using System.Net.Sockets;
using DockMon.Agent.Compose.Deploy.Tool;
using DockMon.Agent.Configuration;
using DockMon.Agent.Doctor.Advice;
using DockMon.Agent.Hosting;
using DockMon.Agent.Linux;
using DockMon.Agent.Policies.Reading;
using DockMon.Engine;
using Microsoft.Extensions.Logging.Abstractions;

namespace DockMon.Agent.Doctor.Checks;

/// <summary>Docker: its socket, the engine behind it, compose, and the container the agent runs in.</summary>
internal sealed class EngineChecks(AgentOptions options, bool inContainer, Func<string, string?> environment, TimeProvider time) : IDisposable
{
    private const string UnixScheme = "unix://";

    private EngineEndpoint? _endpoint;
    private EngineClient? _engine;

    /// <summary>The engine; null until it was looked for.</summary>
    public EngineClient? Client => _engine;

    /// <summary>The agent's own container; null until it is found.</summary>
    public SelfContainer? Self { get; private set; }

    /// <summary>The mounts of that container; null while they are not known.</summary>
    public IReadOnlyList<ContainerMount>? Mounts { get; private set; }

    public IEnumerable<Check> All() =>
    [
        new("socket", [], OpenSocketAsync),
        new("engine", ["socket"], AskEngineAsync),
        new EngineProxyCheck(new PolicyLoader(options).Load(before: null), () => _engine, options.DockerHost is null).Check(),
        new("container", ["engine"], FindSelfAsync),
        new("compose", [], FindComposeAsync),
    ];

    public void Dispose() => _engine?.Dispose();

    private async Task<CheckResult> OpenSocketAsync(CancellationToken ct)
    {
        try
        {
            _endpoint = EngineEndpoint.FromEnvironment(options.DockerHost, options.DockerCertPath, options.DockerTlsVerify);
        }
        catch (EngineConfigurationException e)
        {
            return CheckResult.Failed(e.Problem, e.Remedy);
        }

        _engine = new EngineClient(_endpoint, time);
        if (!_endpoint.Description.StartsWith(UnixScheme, StringComparison.Ordinal))
        {
            return CheckResult.Ok($"none: the engine is at {_endpoint.Description}");
        }

        var path = _endpoint.Description[UnixScheme.Length..];
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), ct);
            return CheckResult.Ok($"{path} can be opened");
        }
        catch (SocketException e)
        {
            return SocketAdvice.Explain(path, e, inContainer);
        }
    }

    private async Task<CheckResult> AskEngineAsync(CancellationToken ct)
    {
        try
        {
            var version = await _engine!.GetVersionAsync(ct);
            var used = await _engine.GetApiVersionAsync(ct);
            var info = await _engine.GetInfoAsync(ct);
            return info.Id.Length > 0
                ? CheckResult.Ok($"{version.Version} on {info.OperatingSystem}, {version.Arch}; API {used} (the engine's newest: {version.ApiVersion})")
                : CheckResult.Failed(
                    "the engine reports no id (GET /info), by which the server identifies this host",
                    "connect the agent to a Docker engine directly");
        }
        catch (EngineException e)
        {
            return EngineAdvice.Explain(e, _endpoint!);
        }
    }

    private async Task<CheckResult> FindSelfAsync(CancellationToken ct)
    {
        try
        {
            Self = await SelfContainer.DetectAsync(_engine!, Machine.Current, environment("HOSTNAME"), NullLogger.Instance, ct);
            if (Self is null)
            {
                return !inContainer ? CheckResult.Ok("the agent runs on the host, not in a container")
                    : CheckResult.Warning(
                        "the agent runs in a container that this engine does not know: it cannot recognise itself, nor update itself",
                        "run the agent's container on the engine that it watches (its socket mounted, DOCKER_HOST not set)");
            }

            Mounts = (await _engine!.InspectContainerAsync(Self.Id, ct)).Mounts;
            return CheckResult.Ok(
                $"the agent runs in container {Self.Name} ({new ContainerId(Self.Id).Short}) of image {Self.Image}, network {Self.NetworkMode}");
        }
        catch (EngineException e)
        {
            return CheckResult.Failed($"the agent's own container cannot be found: {e.Message}", "see the result of the check engine");
        }
    }

    private async Task<CheckResult> FindComposeAsync(CancellationToken ct)
    {
        var tool = await ComposeTool.FindAsync(ComposeEnvironment.Build(options, null, environment), time, ct);
        return tool is null
            ? CheckResult.Warning("no docker compose here: the server cannot deploy projects on this host", inContainer
                ? "mount the host's into the container: -v /usr/libexec/docker/cli-plugins:/usr/libexec/docker/cli-plugins:ro (the host has it with "
                    + "the package docker-compose-plugin or docker-compose-v2)"
                : "install the package docker-compose-plugin or docker-compose-v2")
            : CheckResult.Ok($"{tool.Version} at {tool.Path}");
    }
}
