using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace DockMon.Protocol.Tests;

public sealed class WireTests
{
    private static readonly Dictionary<string, Type> Events = new(StringComparer.Ordinal)
    {
        [EventNames.ContainerEvent] = typeof(ContainerEvent),
        [EventNames.ContainerStats] = typeof(ContainerStats),
        [EventNames.HealthCheckResult] = typeof(HealthCheckResult),
        [EventNames.ShellData] = typeof(ShellData),
        [EventNames.UpdateProgress] = typeof(UpdateProgress),
        [EventNames.UpdateLayerProgress] = typeof(UpdateLayerProgress),
        [EventNames.UpdateComplete] = typeof(UpdateComplete),
    };

    private static readonly Dictionary<string, Type> Results = new(StringComparer.Ordinal)
    {
        [CommandNames.ListImages] = typeof(IReadOnlyList<ImageSummary>),
        [CommandNames.ListNetworks] = typeof(IReadOnlyList<NetworkSummary>),
        [CommandNames.ListVolumes] = typeof(IReadOnlyList<VolumeSummary>),
        [CommandNames.CreateNetwork] = typeof(NetworkSummary),
        [CommandNames.DeleteNetwork] = typeof(SuccessResult),
        [CommandNames.DeleteVolume] = typeof(SuccessResult),
        [CommandNames.PruneNetworks] = typeof(PruneResult),
        [CommandNames.PruneImages] = typeof(PruneResult),
        [CommandNames.ScanComposeDirs] = typeof(ScanComposeResult),
        [CommandNames.ReadComposeFile] = typeof(ReadComposeResult),
        [CommandNames.UpdateContainer] = typeof(StartedResult),
    };

    private static readonly Dictionary<string, Type> Requests = new(StringComparer.Ordinal)
    {
        [CommandNames.CreateNetwork] = typeof(CreateNetworkRequest),
        [CommandNames.DeleteNetwork] = typeof(DeleteNetworkRequest),
        [CommandNames.DeleteVolume] = typeof(DeleteVolumeRequest),
        [CommandNames.ScanComposeDirs] = typeof(ScanComposeRequest),
        [CommandNames.ReadComposeFile] = typeof(ReadComposeRequest),
        [CommandNames.UpdateContainer] = typeof(UpdateContainerRequest),
        [FrameTypes.ContainerOperation] = typeof(ContainerOperation),
        [FrameTypes.ShellSession] = typeof(ShellSession),
        [FrameTypes.HealthCheckConfigsSync] = typeof(HealthCheckConfigsSync),
    };

    public static TheoryData<string> All => [.. Wire.Lines.Select(line => line.Place)];

    [Fact]
    public void The_captures_are_there() => Wire.Lines.Count.ShouldBeGreaterThan(70);

    [Theory]
    [MemberData(nameof(All))]
    public void Every_captured_line_is_a_frame(string place)
    {
        var line = At(place);

        var frame = Frame.Parse(line.Bytes);

        frame.Type.ShouldBe(line.Json["type"]?.GetValue<string>());
        frame.RequestId.ShouldBe((line.Json["id"] ?? line.Json["correlation_id"])?.GetValue<string>());
        (frame.Type ?? frame.Success?.ToString()).ShouldNotBeNull();
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Every_typed_message_reads_strictly_and_writes_the_same(string place)
    {
        foreach (var (json, type) in TypedParts(At(place)))
        {
            var written = StrictJson.RoundTrip(json, type);

            JsonNode.DeepEquals(StrictJson.WithoutNulls(written!), StrictJson.WithoutNulls(json)).ShouldBeTrue($"{type.Name}: {written} is not {json}");
        }
    }

    [Fact]
    public void Most_captured_lines_hold_a_typed_message() =>
        Wire.Lines.Count(line => TypedParts(line).Any()).ShouldBeGreaterThan(60);

    private static WireLine At(string place) => Wire.Lines.Single(line => line.Place == place);

    private static IEnumerable<(JsonNode Json, Type Type)> TypedParts(WireLine line)
    {
        var message = line.Json;
        var type = message["type"]?.GetValue<string>();
        var command = message["command"]?.GetValue<string>();
        var payload = message["payload"];
        Type? known = type switch
        {
            FrameTypes.Event => Events[command!],
            FrameTypes.Response => Results.GetValueOrDefault(CommandOf(message)),
            FrameTypes.Command => Requests.GetValueOrDefault(command!),
            _ => Requests.GetValueOrDefault(type ?? ""),
        };
        if (known is not null && payload is JsonArray or JsonObject { Count: > 0 })
        {
            yield return (payload, known!);
        }

        Type? whole = type switch
        {
            FrameTypes.Register => typeof(RegisterRequest),
            FrameTypes.AuthSuccess => typeof(AuthSuccess),
            FrameTypes.Stats => typeof(HostStatsFrame),
            null => typeof(OperationResult),
            _ => null,
        };
        if (whole is not null)
        {
            // The envelope of an operation's answer stands beside its fields.
            yield return (type is null ? Without(message, "correlation_id", "success", "error") : message, whole);
        }
    }

    private static string CommandOf(JsonObject response) =>
        Wire.Lines.Select(line => line.Json).First(request => request["command"] is not null
            && request["id"]?.GetValue<string>() == response["id"]!.GetValue<string>())["command"]!.GetValue<string>();

    private static JsonObject Without(JsonObject json, params string[] names)
    {
        foreach (var name in names)
        {
            json.Remove(name);
        }

        return json;
    }
}
