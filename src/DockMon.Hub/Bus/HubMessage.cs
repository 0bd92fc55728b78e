using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DockMon.Hub.Bus;

/// <summary>What a message between hubs is.</summary>
internal enum HubMessageKind
{
    /// <summary>To all: the hub is there. <see cref="HubMessage.Flag"/>: it wants samples.</summary>
    Beat,

    /// <summary>To all: the hub is there, and wants to hear who else is.</summary>
    Hello,

    /// <summary>To all: the hub has stopped.</summary>
    Leaving,

    /// <summary>To all: an agent connected. The data is its registration.</summary>
    Connected,

    /// <summary>To all: an agent disconnected. <see cref="HubMessage.Flag"/>: because the hub stops.</summary>
    Disconnected,

    /// <summary>To all: a host was removed.</summary>
    HostRemoved,

    /// <summary>To all: an event of the feed.</summary>
    Feed,

    /// <summary>To one hub: a frame for one of its agents.</summary>
    Deliver,

    /// <summary>To one hub: an agent's answer to its request.</summary>
    Answer,

    /// <summary>To one hub: send a host its health checks.</summary>
    PushChecks,

    /// <summary>To one hub: open a shell over a stream.</summary>
    OpenShell,

    /// <summary>To all: users, sessions, tokens or tags have changed.</summary>
    AccessChanged,

    /// <summary>To one hub: follow a log over a stream. The data is the request to the agent.</summary>
    OpenLog,

    /// <summary>To one hub: the newest figures of the containers of hosts, whose ids are the data.</summary>
    Figures,

    /// <summary>To one hub: statistics of a host. The data is what is asked of its history; without data it is the newest samples.</summary>
    Stats,
}

/// <summary>A message between hubs: some fields as JSON, and data as they are.</summary>
internal sealed record HubMessage(HubMessageKind Kind)
{
    /// <summary>The sender.</summary>
    public string Hub { get; init; } = "";

    /// <summary>Number among the sender's messages to all.</summary>
    public long Number { get; init; }

    public string? HostId { get; init; }

    public string? SessionId { get; init; }

    public long Epoch { get; init; }

    public bool Flag { get; init; }

    /// <summary>Name of an event, id of a request, or id of a container.</summary>
    public string? Name { get; init; }

    /// <summary>Subject of a stream.</summary>
    public string? Stream { get; init; }

    [JsonIgnore]
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <returns>Null for what is no message, or one of a newer hub.</returns>
    public static HubMessage? Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length < 4 || BinaryPrimitives.ReadInt32LittleEndian(bytes.Span) is var length && (length < 0 || length > bytes.Length - 4))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(bytes.Span.Slice(4, length), HubMessageJson.Default.HubMessage) is { } message
                ? message with { Data = bytes[(4 + length)..] } : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public byte[] Write()
    {
        var head = JsonSerializer.SerializeToUtf8Bytes(this, HubMessageJson.Default.HubMessage);
        var bytes = new byte[4 + head.Length + Data.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, head.Length);
        head.CopyTo(bytes, 4);
        Data.CopyTo(bytes.AsMemory(4 + head.Length));
        return bytes;
    }
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(HubMessage))]
internal sealed partial class HubMessageJson : JsonSerializerContext;
