using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DockMon.Agent.Json;
using DockMon.Agent.Policies.Facts;

namespace DockMon.Agent.Commands;

/// <summary>A request whose payload was read.</summary>
/// <param name="Subject">What it is about.</param>
/// <param name="FindLane">Finds the lane it belongs to; null for a read.</param>
/// <param name="Run">Does it and returns one whole JSON value: a command's payload, or an operation's fields.</param>
internal sealed record BoundRequest(Subject Subject, Func<CancellationToken, ValueTask<string>>? FindLane, Func<CancellationToken, Task<byte[]>> Run)
{
    /// <summary>The payload, for the audit; null for one that was not read into a type.</summary>
    public object? Payload { get; init; }

    /// <summary>Makes the same request about the container with an id out of it, whatever its reference means; null where it is about none.</summary>
    public Func<string, BoundRequest>? About { get; init; }
}

/// <summary>What the agent does on one command or action.</summary>
/// <param name="What">What is tried, for error texts: "start container".</param>
/// <param name="IsRead">Whether it needs no lane.</param>
/// <param name="Bind">Reads the payload, once for all that follows.</param>
internal sealed record Route(string What, bool IsRead, Func<JsonElement, BoundRequest> Bind)
{
    /// <summary>How long a read may take, the wait for its place included: no server waits longer for the answer.</summary>
    public static readonly TimeSpan ReadLimit = TimeSpan.FromMinutes(2);

    /// <summary>A route that takes the payload as it is.</summary>
    /// <param name="what">What is tried.</param>
    /// <param name="lane">The lane a request belongs to; null for a read.</param>
    /// <param name="run">Does it.</param>
    public Route(string what, Func<JsonElement, CancellationToken, ValueTask<string>>? lane, Func<JsonElement, CancellationToken, Task<byte[]>> run)
        : this(what, lane is null, payload => new BoundRequest(Subject.None, lane is null ? null : ct => lane(payload, ct), ct => run(payload, ct)))
    {
    }

    /// <summary>Of a read: whose places it takes.</summary>
    public ReadPool Place { get; init; }

    /// <summary>Of a read: how long it may take.</summary>
    public TimeSpan Limit { get; init; } = ReadLimit;

    /// <summary>A route with a typed request and a typed answer.</summary>
    /// <param name="what">What is tried.</param>
    /// <param name="request">Type of the payload.</param>
    /// <param name="result">Type of the answer.</param>
    /// <param name="lane">The lane a request belongs to; null for a read.</param>
    /// <param name="run">Does it.</param>
    /// <param name="refuseSelf">
    /// Throws when it would end the agent itself; awaited before <paramref name="run"/>. Null where it cannot, or where only its work shows whether it would.
    /// </param>
    public static Route For<TRequest, TResult>(
        string what,
        JsonTypeInfo<TRequest> request,
        JsonTypeInfo<TResult> result,
        Func<TRequest, CancellationToken, ValueTask<string>>? lane,
        Func<TRequest, CancellationToken, Task<TResult>> run,
        Func<TRequest, CancellationToken, Task>? refuseSelf = null)
        where TRequest : class
    {
        async Task<byte[]> RunAsync(TRequest payload, CancellationToken ct)
        {
            await (refuseSelf?.Invoke(payload, ct) ?? Task.CompletedTask);
            return JsonSerializer.SerializeToUtf8Bytes(await run(payload, ct), result);
        }

        BoundRequest Bind(TRequest payload) => new(Subject.Of(payload), lane is null ? null : ct => lane(payload, ct), ct => RunAsync(payload, ct))
        {
            Payload = payload,
            About = id => Bind((TRequest)Subject.Replace(payload, id)),
        };

        return new(what, lane is null, json => Bind(Read(json, request)));
    }

    /// <summary>Reads a payload; an absent or null one is an empty object.</summary>
    /// <exception cref="CommandException">It is not what the type says.</exception>
    public static T Read<T>(JsonElement payload, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            payload.EnsureTexts();
            return (payload.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null
                ? JsonSerializer.Deserialize("{}"u8, type)
                : payload.Deserialize(type))!;
        }
        catch (InvalidOperationException)
        {
            throw new CommandException("invalid payload: it has half of a surrogate pair in a text");
        }
        catch (JsonException e)
        {
            throw new CommandException($"invalid payload: {e.Path}: {e.GetReason()}");
        }
    }
}
