using System.Text.Json;
using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace DockMon.Protocol.Tests;

public sealed class RegisterTests
{
    /// <summary>Field, its value as JSON, and what the error must say; null where the value is still good.</summary>
    public static TheoryData<string, string, string?> Limits => new()
    {
        { "token", Text(255), null },
        { "token", Text(256), "token must have 1 to 255" },
        { "token", "\"\"", "token must have 1 to 255" },
        { "token", "\"a b\"", "token may contain only" },
        { "token", "\"schlüssel\"", "token may contain only" },
        { "token", "\"AZaz09_:-\"", null },
        { "engine_id", Text(255), null },
        { "engine_id", Text(256), "engine_id must have 1 to 255" },
        { "engine_id", "\"\"", "engine_id must have 1 to 255" },
        { "engine_id", "\"a/b\"", "engine_id may contain only" },
        { "hostname", Text(255), null },
        { "hostname", Text(256), "hostname must have at most 255" },
        { "hostname", "\"\"", "hostname must not be empty" },
        { "hostname_source", "\"agent_name\"", null },
        { "hostname_source", "\"os\"", null },
        { "hostname_source", "\"engine_id\"", null },
        { "hostname_source", "\"guess\"", "hostname_source must be" },
        { "force_unique_registration", "true", "force_unique_registration needs an agent name" },
        { "type", "\"hello\"", "type must be" },
        { "version", Text(50), null },
        { "version", Text(51), "version must have at most 50" },
        { "proto_version", Text(20), null },
        { "proto_version", Text(21), "proto_version must have at most 20" },
        { "agent_os", Text(20), null },
        { "agent_os", Text(21), "agent_os must have at most 20" },
        { "agent_arch", Text(20), null },
        { "agent_arch", Text(21), "agent_arch must have at most 20" },
        { "os_type", Text(50), null },
        { "os_type", Text(51), "os_type must have at most 50" },
        { "os_version", Text(500), null },
        { "os_version", Text(501), "os_version must have at most 500" },
        { "kernel_version", Text(255), null },
        { "kernel_version", Text(256), "kernel_version must have at most 255" },
        { "docker_version", Text(50), null },
        { "docker_version", Text(51), "docker_version must have at most 50" },
        { "daemon_started_at", Text(100), null },
        { "daemon_started_at", Text(101), "daemon_started_at must have at most 100" },
        { "total_memory", "1", null },
        { "total_memory", "1000000000000000", null },
        { "total_memory", "0", "total_memory must be from 1 to" },
        { "total_memory", "-1", "total_memory must be from 1 to" },
        { "total_memory", "1000000000000001", "total_memory must be from 1 to" },
        { "num_cpus", "1", null },
        { "num_cpus", "10000", null },
        { "num_cpus", "0", "num_cpus must be from 1 to" },
        { "num_cpus", "10001", "num_cpus must be from 1 to" },
        { "host_ips", Addresses(50), null },
        { "host_ips", Addresses(51), "host_ips must have at most 50 entries" },
        { "host_ips", $"[{Text(46)}]", "host_ips must have at most 45" },
        { "host_ips", "[]", null },
        { "host_ip", Text(45), null },
        { "host_ip", Text(46), "host_ip must have at most 45" },
    };

    [Fact]
    public void The_captured_registration_is_valid()
    {
        var request = Read(Wire.Register.Json);

        RegisterValidation.Find(request).ShouldBeNull();
        request.ProtoVersion.ShouldBe(ProtocolLimits.ProtocolVersion);
        request.Capabilities[Capabilities.ContainerOperations].ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(Limits))]
    public void Each_limit_is_held(string field, string value, string? error)
    {
        var json = Wire.Register.Json;
        json[field] = JsonNode.Parse(value);

        var found = RegisterValidation.Find(Read(json));

        if (error is null)
        {
            found.ShouldBeNull();
        }
        else
        {
            found.ShouldNotBeNull().ToString().ShouldStartWith(error);
            found.Field.ShouldBe(field);
        }
    }

    [Fact]
    public void A_forced_registration_with_an_agent_name_is_valid()
    {
        var json = Wire.Register.Json;
        json["force_unique_registration"] = true;
        json["hostname_source"] = HostnameSources.AgentName;

        RegisterValidation.Find(Read(json)).ShouldBeNull();
    }

    [Fact]
    public void An_unknown_field_is_rejected()
    {
        var json = Wire.Register.Json;
        json["favourite_colour"] = "blue";

        Should.Throw<JsonException>(() => Read(json)).Message.ShouldContain("favourite_colour");
    }

    [Theory]
    [InlineData("type")]
    [InlineData("token")]
    [InlineData("engine_id")]
    [InlineData("hostname")]
    [InlineData("version")]
    [InlineData("proto_version")]
    [InlineData("capabilities")]
    public void A_missing_field_is_rejected(string field)
    {
        var json = Wire.Register.Json;
        json.Remove(field);

        Should.Throw<JsonException>(() => Read(json));
    }

    [Theory]
    [InlineData("type")]
    [InlineData("token")]
    [InlineData("engine_id")]
    [InlineData("hostname")]
    [InlineData("version")]
    [InlineData("proto_version")]
    [InlineData("capabilities")]
    public void A_required_field_that_is_null_is_rejected(string field)
    {
        var json = Wire.Register.Json;
        json[field] = null;

        Should.Throw<JsonException>(() => Refuse(json));
    }

    [Fact]
    public void An_address_that_is_null_is_rejected()
    {
        var json = Wire.Register.Json;
        json["host_ips"] = JsonNode.Parse("[null]");

        Should.Throw<JsonException>(() => Refuse(json));
    }

    [Fact]
    public void Fields_Docker_could_not_tell_are_left_out()
    {
        var request = new RegisterRequest
        {
            Token = "t", EngineId = "e", Hostname = "h", Version = "3.0.0", ProtoVersion = "1.1", Capabilities = new Dictionary<string, bool>(),
        };

        var json = JsonNode.Parse(FrameWriter.Message(request, ProtocolJson.Default.RegisterRequest))!.AsObject();

        json.Select(member => member.Key).ShouldBe(
            ["type", "token", "engine_id", "hostname", "force_unique_registration", "version", "proto_version", "capabilities"], ignoreOrder: true);
    }

    private static RegisterRequest Read(JsonObject json) => json.Deserialize(ProtocolJson.Default.RegisterRequest)!;

    /// <summary>What a server does with a frame: it reads it, then looks for an error. Either may say no.</summary>
    private static void Refuse(JsonObject json)
    {
        if (RegisterValidation.Find(Read(json)) is { } error)
        {
            throw new JsonException(error.ToString());
        }
    }

    private static string Text(int length) => $"\"{new string('x', length)}\"";

    private static string Addresses(int count) => $"[{string.Join(',', Enumerable.Range(0, count).Select(i => $"\"192.0.2.{i}\""))}]";
}
