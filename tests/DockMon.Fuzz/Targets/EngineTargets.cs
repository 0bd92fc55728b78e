using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Delivery;
using DockMon.Agent.Linux;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Hiding;
using DockMon.Agent.Streams.Events;
using DockMon.Agent.Streams.Stats;
using DockMon.Agent.Update;
using DockMon.Agent.Update.Journal;
using DockMon.Agent.Update.Planning;
using DockMon.Engine;
using Microsoft.Extensions.Logging.Abstractions;

namespace DockMon.Fuzz.Targets;

/// <summary>What an engine, or a proxy before it, answers.</summary>
internal static class EngineTargets
{
    /// <summary>Small, so that inputs of a few hundred bytes reach them.</summary>
    private static readonly JsonLimits Small = new(Text: 12, 200, 120, 60);

    /// <summary>What is kept beyond an object's limit: the reserve of the trimmer, and the marks.</summary>
    private const int Beyond = 33 * 1024;

    private static readonly Outbound Sent = new(
        new Outbox(Path.Combine(Path.GetTempPath(), "dockmon-fuzz")), TimeProvider.System, NullLogger<Outbound>.Instance);

    private static readonly Action<byte[]>[] Readers =
    [
        Typed(EngineJson.Default.ListContainerSummary, JsonLimits.List, list => new ContainerTracker().Compare(Whole(list))),
        input => Listing(Trim(input, JsonLimits.List)),
        Typed(EngineJson.Default.ContainerInspection, JsonLimits.Document, Container),
        Typed(EngineJson.Default.ImageInspection, JsonLimits.Document, image => _ = image.RepoDigests.Count + image.Config.Labels.Count),
        Typed(EngineJson.Default.EngineInfo, JsonLimits.Document, info => _ = info.Id.Length + info.Name.Length + info.SystemTime.Length),
        Typed(EngineJson.Default.EngineVersion, JsonLimits.Line, version => Version.TryParse(version.ApiVersion, out _)),
        Typed(EngineJson.Default.ListEngineNetwork, JsonLimits.List, list => list.ForEach(network => _ = network?.Ipam.Config.Count)),
        Typed(EngineJson.Default.VolumeList, JsonLimits.NestedList, list => _ = list.Volumes.Count),
        Typed(EngineJson.Default.ListEngineImage, JsonLimits.List, list => list.ForEach(image => _ = image?.RepoTags.Count)),
        Typed(EngineJson.Default.EngineStats, JsonLimits.Document, Stats),
        Typed(EngineJson.Default.PruneBody, JsonLimits.Document, report => _ = report.NetworksDeleted.Count + report.VolumesDeleted.Count),
        Typed(EngineJson.Default.IdBody, JsonLimits.Document, _ => { }),
        Typed(EngineJson.Default.ExecInspection, JsonLimits.Document, _ => { }),
        Error,
    ];

    /// <summary>Whole answers. The first byte chooses which one (A is the first).</summary>
    public static void Answers(byte[] input)
    {
        if (input.Length > 0)
        {
            FuzzTarget.TryRead<JsonException>(() => FuzzTarget.Choose(Readers, input[0])(input[1..]));
        }
    }

    /// <summary>A document that is cut: the same however it is divided, within its limits, and JSON if it was JSON.</summary>
    public static void Trimmer(byte[] input)
    {
        if (input.Length == 0)
        {
            return;
        }

        var json = input[1..];
        using JsonTrimmer whole = new(Small), divided = new(Small);
        whole.FeedAll(json);
        foreach (var piece in json.Chunk(1 + (input[0] % 16)))
        {
            divided.FeedAll(piece);
        }

        FuzzFailure.When(whole.Length != json.Length, $"{whole.Length} bytes are counted of {json.Length}");
        FuzzFailure.When(whole.Copied.Length > Beyond, $"{whole.Copied.Length} bytes are kept");
        if (IsJson(json))
        {
            FuzzFailure.When(!IsJson(whole.Copied), "a document that was JSON is none when it was cut");
            FuzzFailure.When(!whole.Copied.Span.SequenceEqual(divided.Copied.Span), "the copy depends on how the document is divided");
            FuzzFailure.When(whole.Cuts == 0 && !whole.Copied.Span.SequenceEqual(json), "nothing is said to be cut, and the copy is another");
        }
    }

    /// <summary>The stream of events: one that cannot be read costs itself.</summary>
    public static void Events(byte[] input)
    {
        using var documents = new JsonDocumentReader(Pieces.Of(input), JsonLimits.Line);
        var tracker = new ContainerTracker();
        var reporter = new EventReporter(tracker, new PolicySource(HostPolicy.Unrestricted), HiddenContainers.None, Sent, TimeProvider.System);
        FuzzTarget.TryRead<EngineException>(() =>
        {
            while (documents.NextAsync(CancellationToken.None).Now())
            {
                FuzzTarget.TryRead<EngineException>(() =>
                {
                    var told = documents.Get(EngineJson.Default.EventBody).ToEvent();
                    if (!told.IsUnreadable)
                    {
                        reporter.Report(told);
                    }
                });
            }
        });
        foreach (var container in tracker.Running)
        {
            FuzzFailure.When(container is not { Id: not null, Name: not null, Image: not null }, "a container runs that has no name or image");
        }

        while (Sent.TryTake() is { } frame)
        {
            using var json = JsonDocument.Parse(frame.Bytes);
        }
    }

    /// <summary>A container's output in frames.</summary>
    public static void Logs(byte[] input)
    {
        using var frames = new LogDemultiplexer(Pieces.Of(input));
        FuzzTarget.TryRead<EngineException>(() =>
        {
            while (!frames.ReadAsync(CancellationToken.None).Now().IsEmpty)
            {
            }
        });
    }

    /// <summary>The progress of a pull.</summary>
    public static void Pull(byte[] input)
    {
        using var documents = new JsonDocumentReader(Pieces.Of(input), JsonLimits.Line);
        var layers = new LayerTracker("abc", TimeProvider.System);
        FuzzTarget.TryRead<EngineException>(() =>
        {
            while (documents.ReadAsync(EngineJson.Default.PullBody, CancellationToken.None).Now() is { } body)
            {
                if (layers.Update(body.ToProgress()) is { } report)
                {
                    var percents = report.Layers.Select(layer => layer.Percent).Append(report.OverallProgress);
                    FuzzFailure.When(percents.Any(percent => percent is < 0 or > 100), "a percentage is none");
                }
            }
        });
    }

    /// <summary>A container's and an image's whole description, of which an update makes a plan. The two are divided by a zero byte.</summary>
    public static void Plan(byte[] input)
    {
        var end = Array.IndexOf(input, (byte)0);
        FuzzTarget.TryRead<EngineException>(() =>
        {
            var container = ReadObject(end < 0 ? input : input[..end]);
            var image = end < 0 ? [] : ReadObject(input[(end + 1)..]);
            _ = Namespaces.Owners(container).Count();
            _ = UpdatePlanner.Plan(container, image, "web:2").CreateBody.ToJsonString();
            var journal = UpdateJournal.Open("web", container, stopTimeout: 10, healthTimeout: 60);
            _ = JsonSerializer.Serialize(journal, UpdateJson.Default.UpdateJournal);
        });
    }

    private static JsonObject ReadObject(byte[] json) =>
        EngineClient.Parse(Trim(json, JsonLimits.Exact), EngineJson.Default.JsonObject, EngineRequest.Get("/containers/web/json"));

    private static Action<byte[]> Typed<T>(JsonTypeInfo<T> type, JsonLimits limits, Action<T> look)
        where T : class => input =>
        {
            if (JsonSerializer.Deserialize(Trim(input, limits), type) is { } model)
            {
                look(model);
            }
        };

    private static List<ContainerSummary> Whole(List<ContainerSummary> list) =>
        list.TrueForAll(container => !string.IsNullOrEmpty(container?.Id)) ? list : throw new JsonException("as the client refuses it");

    private static void Listing(byte[] json)
    {
        var split = ContainerJson.Split(json);
        split.ForEach(item => FuzzTarget.TryRead<EngineException>(() => item.ReadName()));
        var items = split.Select(item => new SizeLimitedItem(item.Json, "\"a\":1"u8.ToArray(), "\"b\":2"u8.ToArray())).ToArray();
        if (IsJson(json))
        {
            var (whole, _, _) = SizeLimitedList.Join([.. items], int.MaxValue, "\"b\":0"u8.ToArray());
            var (cut, _, _) = SizeLimitedList.Join([.. items], 600, "\"b\":0"u8.ToArray());
            FuzzFailure.When(items.Length > 0 && !(IsJson(whole) && IsJson(cut)), "a list of containers is no JSON");
        }
    }

    private static void Container(ContainerInspection container)
    {
        _ = new ContainerId(container.Id).Short;
        _ = MountTable.Find("/data/bin", container.Mounts);
        _ = container.Config.Labels.Count + container.Config.Image.Length + container.Name.Length + container.Image.Length;
        _ = container.Config.Env.Select(entry => entry.Split('=', 2)).ToList();
        _ = container.HostConfig.NetworkMode.StartsWith("container:", StringComparison.Ordinal) && container.HostConfig.RestartPolicy.Name.Length > 0;
        _ = container.State.Status.Length + container.State.StartedAt.Length + (container.State.Health?.Status.Length ?? 0);
        _ = container.GraphDriver.Data.Count;
    }

    private static void Stats(EngineStats stats)
    {
        _ = StatsMath.WorkingSet(stats);
        _ = StatsMath.BlockIo(stats);
        _ = StatsMath.Network(stats);
        _ = StatsMath.Cpus(stats.CpuStats);
    }

    private static void Error(byte[] body)
    {
        using var response = new HttpResponseMessage(System.Net.HttpStatusCode.InternalServerError);
        FuzzFailure.When(ErrorText.From(body, response).AsSpan().ContainsAny('\r', '\n') && !IsJson(body), "an error's first line has more than one");
    }

    private static byte[] Trim(byte[] json, JsonLimits limits)
    {
        using var trimmer = new JsonTrimmer(limits);
        trimmer.FeedAll(json);
        return trimmer.Copied.ToArray();
    }

    private static bool IsJson(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
