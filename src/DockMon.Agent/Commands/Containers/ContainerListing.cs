using System.Buffers;
using System.Collections.Concurrent;
using System.Numerics;
using System.Text.Encodings.Web;
using System.Text.Json;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Hiding;
using DockMon.Agent.Policies.Redaction;
using DockMon.Engine;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Commands.Containers;

/// <summary>
/// <c>list_containers</c>: Docker's list objects byte for byte, with <c>RepoDigests</c>, <c>StartedAt</c> and <c>Env</c> added. What is
/// added needs an inspect of each container and image, so it is kept: a listing after the first costs the engine one request.
/// Events say what no longer holds; see <see cref="ContainerStarted"/> and <see cref="ImageChanged"/>. One that cannot be inspected is listed all the same.
/// What is very long is cut, with a mark: one image's labels must not cost the host its list.
/// </summary>
internal sealed partial class ContainerListing
{
    private const int InspectWidth = 8;
    private const string NeverStarted = "0001-01-01T00:00:00Z";

    /// <summary>How long one container may keep all the others waiting.</summary>
    private static readonly TimeSpan InspectLimit = TimeSpan.FromSeconds(10);

    /// <summary>A container of which there is more is asked about each time: thousands are kept in a few megabytes.</summary>
    private const int KeptBytes = 4 * 1024;

    /// <summary>Longest value of a variable, longest list of digests or variables, and longest addition to a container.</summary>
    private const int LongestText = 16 * 1024;
    private const int LongestMember = 48 * 1024;
    private const int LongestAddition = 64 * 1024;

    /// <summary>Room for the list in the answer's frame.</summary>
    private const int LongestList = ProtocolLimits.ControlFrameBytes - (64 * 1024);

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly byte[] UnknownContainer = "\"Env\":{}"u8.ToArray();
    private static readonly byte[] UnknownImage = "\"RepoDigests\":[]"u8.ToArray();

    // Values are ready-made members: `"StartedAt":…,"Env":{…}` of a container and `"RepoDigests":[…]` of an image.
    private readonly ConcurrentDictionary<string, byte[]> _containers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte[]> _images = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _notInspected = new(StringComparer.Ordinal);
    private readonly EngineClient _engine;
    private readonly PolicySource _policies;
    private readonly HiddenContainers _hidden;
    private readonly ILogger _logger;
    private int _tooLong;
    private long _changes;

    public ContainerListing(AgentContext context, EngineClient engine)
    {
        (_engine, _policies, _hidden, _logger) = (engine, context.Policies, context.Hidden, context.CreateLogger<ContainerListing>());
        _policies.Changed += Forget; // What is kept is what the earlier policy let be told.
    }

    public void AddTo(Routes routes) =>
        routes.Commands[CommandNames.ListContainers] = new Route("list containers", lane: null, (_, ct) => ListAsync(ct)) { Place = ReadPool.List };

    /// <summary>The container was started: the time of its last start is another one now.</summary>
    public void ContainerStarted(string id)
    {
        Interlocked.Increment(ref _changes);
        _containers.TryRemove(id, out _);
    }

    /// <summary>An image was pulled, tagged, untagged or deleted: any image's digests may be others now.</summary>
    public void ImageChanged()
    {
        Interlocked.Increment(ref _changes);
        _images.Clear();
    }

    /// <summary>Events may have been missed: nothing that is kept is sure.</summary>
    public void Forget()
    {
        Interlocked.Increment(ref _changes);
        _containers.Clear();
        _images.Clear();
    }

    private async Task<byte[]> ListAsync(CancellationToken ct)
    {
        var items = await ListVisibleAsync(ct);
        var members = new (byte[] Container, byte[] Image)[items.Count];
        await Parallel.ForAsync(
            0,
            items.Count,
            new ParallelOptions { MaxDegreeOfParallelism = InspectWidth, CancellationToken = ct },
            async (i, token) => members[i] = (
                await GetAsync(_containers, items[i].Id, DescribeContainerAsync, UnknownContainer, token),
                // An image that was removed by force may have left its container without even its id.
                string.IsNullOrWhiteSpace(items[i].ImageId)
                    ? UnknownImage
                    : await GetAsync(_images, items[i].ImageId, DescribeImageAsync, UnknownImage, token)));
        DropRemoved(items);
        SizeLimitedItem[] fitted = [.. items.Select((item, i) => new SizeLimitedItem(item.Json, members[i].Image, members[i].Container))];
        var (json, shortened, leftOut) = SizeLimitedList.Join(fitted, LongestList, UnknownContainer);
        if (shortened > 0 && Interlocked.Increment(ref _tooLong) is var count && BitOperations.IsPow2(count))
        {
            Log.ListTooLong(_logger, items.Count, LongestList, shortened, leftOut, count);
        }

        return json;
    }

    private async Task<IReadOnlyList<ContainerJson>> ListVisibleAsync(CancellationToken ct)
    {
        var all = await _engine.ListContainersJsonAsync(all: true, ct);
        var unseen = await _hidden.FindAsync(all.Select(item => (item.Id, item.ReadName())), ct);
        _hidden.Keep(all.Select(item => item.Id));
        var redactor = _policies.Current.Redactor;
        return unseen.Count == 0 && !redactor.IsActive ? all
            : [.. all.Where(item => !unseen.Contains(item.Id)).Select(item => item with { Json = RedactedJson.Of(item.Json, redactor) })];
    }

    private async ValueTask<byte[]> GetAsync(
        ConcurrentDictionary<string, byte[]> cache, string id, Func<string, CancellationToken, Task<byte[]>> describe, byte[] unknown, CancellationToken ct)
    {
        if (cache.TryGetValue(id, out var known))
        {
            return known;
        }

        var changes = Interlocked.Read(ref _changes);
        byte[] described;
        try
        {
            described = await describe(id, ct);
            _notInspected.TryRemove(id, out _);
        }
        catch (EngineException e) when (e.IsMissing)
        {
            described = unknown; // Removed since it was listed; an image, while a container still uses it.
        }
        catch (EngineException e)
        {
            // Is it this one or the engine? Without the engine there is no list.
            await _engine.PingAsync(ct);
            if (_notInspected.TryAdd(id, true))
            {
                Log.NotInspected(_logger, id, e.Message);
            }

            return unknown;
        }

        if (changes == Interlocked.Read(ref _changes) && (described.Length <= KeptBytes || cache == _images))
        {
            // An event that came in between may have been about this very object: then it is asked again next time.
            cache[id] = described;
        }

        return described;
    }

    private async Task<byte[]> DescribeContainerAsync(string id, CancellationToken ct)
    {
        var redactor = _policies.Current.Redactor;
        var container = await _engine.InspectContainerAsync(id, ct, InspectLimit);
        return Members(writer =>
        {
            if (container.State.StartedAt is { Length: > 0 } started && started != NeverStarted)
            {
                writer.WriteString("StartedAt"u8, started);
            }

            writer.WriteStartObject("Env"u8);
            // The last one of a name wins, as it does in the container.
            foreach (var variable in container.Config.Env.Select(entry => entry.Split('=', 2))
                .GroupBy(entry => entry[0], StringComparer.Ordinal)
                .Select(group => group.Last()))
            {
                writer.WriteString(variable[0], variable.Length > 1 ? redactor.Value(variable[0], variable[1]) : "");
            }

            writer.WriteEndObject();
        });
    }

    private async Task<byte[]> DescribeImageAsync(string id, CancellationToken ct)
    {
        var image = await _engine.InspectImageAsync(id, ct, InspectLimit);
        return Members(writer =>
        {
            writer.WriteStartArray("RepoDigests"u8);
            foreach (var digest in image.RepoDigests)
            {
                writer.WriteStringValue(digest);
            }

            writer.WriteEndArray();
        });
    }

    private static byte[] Members(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer, Json);
        writer.WriteStartObject();
        write(writer);
        writer.WriteEndObject();
        writer.Flush();
        return JsonCutter.Cut(buffer.WrittenSpan, LongestText, LongestAddition, LongestMember)[1..^1];
    }

    private void DropRemoved(IReadOnlyList<ContainerJson> items)
    {
        foreach (var id in _notInspected.Keys.Where(id => !items.Any(item => item.Id == id || item.ImageId == id)))
        {
            _notInspected.TryRemove(id, out _);
        }

        if (_containers.Count > items.Count)
        {
            var listed = items.Select(item => item.Id).ToHashSet(StringComparer.Ordinal);
            foreach (var id in _containers.Keys.Where(id => !listed.Contains(id)))
            {
                _containers.TryRemove(id, out _);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(220, LogLevel.Warning, "{Id} cannot be inspected, and is listed without what that would tell until it can be: {Reason}")]
        public static partial void NotInspected(ILogger logger, string id, string reason);

        [LoggerMessage(221, LogLevel.Warning,
            "The list of {Containers} containers does not fit into {Bytes} bytes: {Shortened} are told of by their essentials, {LeftOut} not at all "
            + "(so far: {Count})")]
        public static partial void ListTooLong(ILogger logger, int containers, int bytes, int shortened, int leftOut, int count);
    }
}
