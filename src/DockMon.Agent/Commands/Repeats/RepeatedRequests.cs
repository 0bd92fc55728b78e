using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using DockMon.Agent.Audit;
using DockMon.Agent.Connection;
using DockMon.Protocol;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Commands.Repeats;

/// <summary>
/// Requests that change something, by their ids: one that comes again is not carried out again. For a server that uses
/// <see cref="ExtensionNames.CommandIds"/>; for others nothing is remembered, read or written.
/// </summary>
internal sealed class RepeatedRequests : IDisposable
{
    /// <summary>Most requests that are remembered after they were answered.</summary>
    public const int Limit = 1000;

    /// <summary>Most bytes of their answers together.</summary>
    public const int AnswerBytesLimit = 1024 * 1024;

    /// <summary>Largest answer that is remembered. Of a larger one it is remembered that there was one.</summary>
    public const int AnswerBytes = 64 * 1024;

    /// <summary>Longest id that is remembered, in characters.</summary>
    public const int IdLength = 128;

    private readonly RepeatFile _file;
    private readonly ConnectionState _connection;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _disk = new(1);
    private readonly Dictionary<string, Remembered> _requests = new(StringComparer.Ordinal);
    private readonly Queue<string> _ended = new();
    private long _bytes;
    private bool _isLoaded;

    public RepeatedRequests(string dataPath, ConnectionState connection, ILogger<RepeatedRequests> logger)
    {
        _file = new RepeatFile(dataPath, logger);
        _connection = connection;
        connection.Connected += auth => Load(auth.Uses(ExtensionNames.CommandIds));
    }

    public void Dispose() => _disk.Dispose();

    /// <summary>Takes in a request that changes something.</summary>
    /// <param name="id">The server's id of it.</param>
    /// <param name="name">What it is called.</param>
    /// <param name="payload">With what.</param>
    /// <returns>What became of the request that came before with this id; null when there was none, and it is to be carried out.</returns>
    public Repeat? Find(string id, string name, JsonElement payload)
    {
        if (id.Length > IdLength || !_connection.Uses(ExtensionNames.CommandIds))
        {
            return null;
        }

        var content = ContentOf(name, payload);
        lock (_gate)
        {
            if (_requests.TryGetValue(id, out var earlier))
            {
                return earlier.Content == content ? earlier.Repeat
                    : Repeat.Failed($"the id {id} was used for another request before; each request needs an id of its own");
            }

            _requests.Add(id, new Remembered(content, Repeat.UnderWay));
            return null;
        }
    }

    /// <summary>
    /// A request is about to be carried out. When this has ended it is not carried out again, whatever happens to this process or machine.
    /// </summary>
    public async Task BeginAsync(string id)
    {
        string content;
        lock (_gate)
        {
            if (FindUnderWay(id) is not { } request)
            {
                return;
            }

            content = request.Content;
        }

        await AppendAsync(new RepeatRecord(id, content), flush: true);
    }

    /// <summary>A request was carried out, or has failed.</summary>
    /// <param name="id">The server's id of it.</param>
    /// <param name="frame">The answer.</param>
    public async Task EndAsync(string id, byte[] frame)
    {
        var kept = frame.Length <= AnswerBytes ? frame : [];
        lock (_gate)
        {
            if (FindUnderWay(id) is not { } request)
            {
                return;
            }

            _requests[id] = request with { Repeat = Repeat.Answered(kept) };
            End(id, kept.Length);
        }

        // Not flushed: without it, a repeat after a power cut learns that the outcome is unknown.
        await AppendAsync(new RepeatRecord(id, Answer: kept), flush: false);
    }

    /// <summary>A request was not carried out: when it comes again it is a new one.</summary>
    public void Forget(string id)
    {
        lock (_gate)
        {
            if (FindUnderWay(id) is not null)
            {
                _requests.Remove(id);
            }
        }
    }

    /// <summary>A request that was taken in and has not ended; null for one that has, or that is not remembered.</summary>
    private Remembered? FindUnderWay(string id) => _requests.TryGetValue(id, out var request) && request.Repeat == Repeat.UnderWay ? request : null;

    private static string ContentOf(string name, JsonElement payload)
    {
        var json = payload.ValueKind == JsonValueKind.Undefined ? default : JsonMarshal.GetRawUtf8Value(payload);
        return Digest.Of([.. Encoding.UTF8.GetBytes(name), (byte)'\n', .. json]).ToString();
    }

    private void Load(bool isUsed)
    {
        if (!isUsed || _isLoaded)
        {
            return;
        }

        _isLoaded = true;
        var records = _file.Read();
        lock (_gate)
        {
            foreach (var record in records)
            {
                if (record.Content is { } content)
                {
                    // Until its answer is read.
                    _requests.TryAdd(record.Id, new Remembered(content, Repeat.Unknown));
                }
                else if (record.Answer is { } frame && _requests.TryGetValue(record.Id, out var begun) && begun.Repeat == Repeat.Unknown)
                {
                    _requests[record.Id] = begun with { Repeat = Repeat.Answered(frame) };
                    End(record.Id, frame.Length);
                }
            }

            foreach (var (id, request) in _requests)
            {
                if (request.Repeat == Repeat.Unknown)
                {
                    End(id, 0);
                }
            }
        }
    }

    /// <summary>One more has ended; the oldest are forgotten when there are too many.</summary>
    private void End(string id, int bytes)
    {
        _ended.Enqueue(id);
        _bytes += bytes;
        while ((_ended.Count > Limit || _bytes > AnswerBytesLimit) && _ended.TryDequeue(out var oldest))
        {
            _bytes -= _requests.Remove(oldest, out var request) ? request.Repeat.Frame?.Length ?? 0 : 0;
        }
    }

    private async Task AppendAsync(RepeatRecord record, bool flush)
    {
        await _disk.WaitAsync();
        try
        {
            if (_file.Append(record, flush) > RepeatFile.MaxBytes)
            {
                _file.Replace(Snapshot());
            }
        }
        finally
        {
            _disk.Release();
        }
    }

    /// <summary>All that is remembered, in the order it ended; what is under way comes last, as if it had begun.</summary>
    private List<RepeatRecord> Snapshot()
    {
        var records = new List<RepeatRecord>();
        lock (_gate)
        {
            foreach (var id in _ended)
            {
                records.Add(new RepeatRecord(id, _requests[id].Content));
                if (_requests[id].Repeat.Frame is { } frame)
                {
                    records.Add(new RepeatRecord(id, Answer: frame));
                }
            }

            records.AddRange(_requests
                .Where(request => request.Value.Repeat == Repeat.UnderWay)
                .Select(request => new RepeatRecord(request.Key, request.Value.Content)));
        }

        return records;
    }

    private sealed record Remembered(string Content, Repeat Repeat);
}
