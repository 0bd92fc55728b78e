using System.Buffers;

namespace DockMon.Protocol;

/// <summary>The rules a server holds a <see cref="RegisterRequest"/> to. Agents use them before they send, servers after they read.</summary>
public static class RegisterValidation
{
    /// <summary>Longest token and engine id, in characters.</summary>
    public const int IdLength = 255;

    /// <summary>Most addresses in <see cref="RegisterRequest.HostIps"/>.</summary>
    public const int HostIpCount = 50;

    /// <summary>Longest address, in characters: an IPv6 address with an embedded IPv4 one.</summary>
    public const int HostIpLength = 45;

    private static readonly SearchValues<char> IdCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_:-");

    /// <summary>The first rule that <paramref name="request"/> breaks, or null.</summary>
    public static RegisterError? Find(RegisterRequest request) =>
        (request.Type == FrameTypes.Register ? null : new RegisterError("type", "must be \"register\""))
        ?? Id("token", request.Token)
        ?? Id("engine_id", request.EngineId)
        ?? Required("hostname", request.Hostname, 255)
        ?? Source(request.HostnameSource)
        ?? (!request.ForceUniqueRegistration || request.HostnameSource == HostnameSources.AgentName
            ? null : new RegisterError("force_unique_registration", "needs an agent name"))
        ?? Required("version", request.Version, 50)
        ?? Required("proto_version", request.ProtoVersion, 20)
        ?? (request.Capabilities is null ? new RegisterError("capabilities", "must not be null") : null)
        ?? Text("agent_os", request.AgentOs, 20)
        ?? Text("agent_arch", request.AgentArch, 20)
        ?? Text("os_type", request.OsType, 50)
        ?? Text("os_version", request.OsVersion, 500)
        ?? Text("kernel_version", request.KernelVersion, 255)
        ?? Text("docker_version", request.DockerVersion, 50)
        ?? Text("daemon_started_at", request.DaemonStartedAt, 100)
        ?? Range("total_memory", request.TotalMemory, 1_000_000_000_000_000)
        ?? Range("num_cpus", request.NumCpus, 10_000)
        ?? (request.HostIps is { Count: > HostIpCount } ? new RegisterError("host_ips", $"must have at most {HostIpCount} entries") : null)
        ?? request.HostIps?.Select(ip => Required("host_ips", ip, HostIpLength)).FirstOrDefault(error => error is not null)
        ?? Text("host_ip", request.HostIp, HostIpLength);

    // JSON can say null where the type says it cannot, so every member is looked at as if it may be.
    private static RegisterError? Id(string field, string? value) =>
        value is not { Length: > 0 and <= IdLength } ? new(field, $"must have 1 to {IdLength} characters")
        : value.AsSpan().ContainsAnyExcept(IdCharacters) ? new(field, "may contain only letters, digits, '_', ':' and '-'")
        : null;

    private static RegisterError? Required(string field, string? value, int length) =>
        value is { Length: > 0 } ? Text(field, value, length) : new(field, "must not be empty");

    private static RegisterError? Text(string field, string? value, int length) =>
        value is not null && value.Length > length ? new(field, $"must have at most {length} characters") : null;

    private static RegisterError? Range(string field, long? value, long maximum) =>
        value is { } number && (number < 1 || number > maximum) ? new(field, $"must be from 1 to {maximum}") : null;

    private static RegisterError? Source(string? value) =>
        value is null or HostnameSources.AgentName or HostnameSources.Daemon or HostnameSources.Os or HostnameSources.EngineId
            ? null : new("hostname_source", "must be agent_name, daemon, os or engine_id");
}

/// <summary>A rule that a <see cref="RegisterRequest"/> breaks.</summary>
/// <param name="Field">The field, as the wire names it.</param>
/// <param name="Rule">The rule, to be read after the field's name: "must not be empty".</param>
public sealed record RegisterError(string Field, string Rule)
{
    /// <summary>One sentence.</summary>
    public override string ToString() => $"{Field} {Rule}";
}
