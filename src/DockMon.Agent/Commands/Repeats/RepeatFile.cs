using System.Text.Json;
using DockMon.Agent.Interop;
using DockMon.Agent.Storage;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Commands.Repeats;

/// <summary>
/// The remembered requests on disk: <c>$DATA_PATH/requests.jsonl</c>, to which lines are appended, and which is written anew when it has grown. A disk that
/// refuses costs a line in the log and no request: only a repeat after a restart of the agent is then not recognised.
/// </summary>
internal sealed partial class RepeatFile(string dataPath, ILogger logger)
{
    /// <summary>Most bytes of the file; it is written anew before it has more.</summary>
    public const int MaxBytes = 4 * RepeatedRequests.AnswerBytesLimit;

    private readonly string _path = Path.Combine(dataPath, "requests.jsonl");
    private bool _failed;
    private bool _isMine;

    /// <summary>Every line, the oldest first. What is no line of this file, as the last one after a power cut may be, is left out.</summary>
    public IReadOnlyList<RepeatRecord> Read()
    {
        try
        {
            return !File.Exists(_path) ? []
                : new FileInfo(_path).Length > 2 * MaxBytes ? throw new IOException($"it has more than {2 * MaxBytes} bytes")
                : [.. File.ReadLines(_path).Select(Parse).OfType<RepeatRecord>()];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.NotRead(logger, _path, StorageAdvice.Describe(e, dataPath));
            return [];
        }
    }

    /// <summary>Appends a line.</summary>
    /// <param name="record">The line.</param>
    /// <param name="flush">Whether it has to be on the disk when this returns.</param>
    /// <returns>Bytes of the file after it; 0 when the disk refused.</returns>
    public long Append(RepeatRecord record, bool flush) => TryWrite(() =>
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        var isNew = !_isMine && !File.Exists(_path);
        using var file = new FileStream(_path, options);
        // What an earlier run, or a full disk, left of a line must not swallow this one.
        file.Write(_isMine ? Line(record) : [(byte)'\n', .. Line(record)]);
        _isMine = true;
        if (flush)
        {
            file.Flush(flushToDisk: true);
        }

        if (isNew)
        {
            Native.FlushDirectory(dataPath); // A file that no directory names is not on the disk either.
        }

        return file.Length;
    });

    /// <summary>Writes the file anew.</summary>
    public void Replace(IEnumerable<RepeatRecord> records) => TryWrite(() =>
    {
        AtomicFile.Write(_path, [.. records.SelectMany(Line)], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return 1;
    });

    private static byte[] Line(RepeatRecord record) => [.. JsonSerializer.SerializeToUtf8Bytes(record, RepeatJson.Default.RepeatRecord), (byte)'\n'];

    /// <returns>Null for what is no record.</returns>
    internal static RepeatRecord? Parse(string line)
    {
        try
        {
            return line.Length == 0 ? null : JsonSerializer.Deserialize(line, RepeatJson.Default.RepeatRecord) is { Id: not null } record ? record : null;
        }
        catch (JsonException)
        {
            return null; // The power went while it was written.
        }
    }

    private long TryWrite(Func<long> write)
    {
        try
        {
            var length = write();
            _failed = false;
            return length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_failed)
            {
                Log.NotWritten(logger, _path, StorageAdvice.Describe(e, dataPath));
            }

            (_failed, _isMine) = (true, false);
            return 0;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            209,
            LogLevel.Error,
            "{Path} cannot be written: a request that the server repeats after a restart of this agent may be carried out again. {Reason}")]
        public static partial void NotWritten(ILogger logger, string path, string reason);

        [LoggerMessage(
            210,
            LogLevel.Error,
            "{Path} cannot be read: a request from before the start that the server repeats may be carried out again. {Reason}")]
        public static partial void NotRead(ILogger logger, string path, string reason);
    }
}
