using System.Collections.Concurrent;
using System.Data.Common;
using System.Threading.Channels;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Api;

namespace DockMon.Hub.Access;

/// <summary>
/// Requests that go on for long, such as streams and shells. They end when their caller may no longer make them, or sees other hosts: who still may, makes
/// them again. They are looked at when a hub tells of a change, and now and then: what changed with the bus down, or by the program on the hub's machine,
/// is told by nobody.
/// </summary>
internal sealed partial class LiveRequests(
    Authenticator authenticator, HostTags hosts, AccessChanges changes, TimeProvider time, ILogger<LiveRequests> logger) : BackgroundService
{
    /// <summary>A request is looked at from this age on, so what began just after a look may go on for twice this long.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(6);

    /// <summary>Least time between two looks, however often something changes.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Channel<bool> _told = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly ConcurrentDictionary<Entry, bool> _entries = new();

    /// <summary>Watches a request until the result is disposed.</summary>
    public IDisposable Watch(HttpContext context, Caller caller, VisibleHosts visible)
    {
        var entry = new Entry(this, context, caller, visible, time.GetTimestamp());
        _entries[entry] = true;
        return entry;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        changes.Changed += OnChanged;
        try
        {
            var next = _told.Reader.ReadAsync(stoppingToken).AsTask();
            while (true)
            {
                var isTold = await IsToldAsync(next, stoppingToken);
                var began = time.GetTimestamp();
                next = isTold ? _told.Reader.ReadAsync(stoppingToken).AsTask() : next;
                foreach (var requests in _entries.Keys
                    .Where(entry => isTold || time.GetElapsedTime(entry.Began) >= Interval).GroupBy(entry => entry.Credential))
                {
                    await CheckAsync(requests.Key, [.. requests], stoppingToken);
                }

                if (Pause - time.GetElapsedTime(began) is { Ticks: > 0 } rest)
                {
                    await Task.Delay(rest, time, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The hub is stopping.
        }
        finally
        {
            changes.Changed -= OnChanged;
        }
    }

    /// <summary>Waits for the next look.</summary>
    /// <returns>Whether a change was told.</returns>
    private async Task<bool> IsToldAsync(Task<bool> next, CancellationToken ct)
    {
        try
        {
            return await next.WaitAsync(Interval - Pause, time, ct);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private void OnChanged() => _told.Writer.TryWrite(true);

    private async Task CheckAsync(Credential credential, IReadOnlyList<Entry> requests, CancellationToken ct)
    {
        try
        {
            var now = await authenticator.FindAsync(credential, ct);
            var visible = now is null ? null : await hosts.VisibleToAsync(now, ct);
            foreach (var request in requests.Where(request => now is null || !now.MaySame(request.Caller) || !visible!.Same(request.Visible)))
            {
                request.Abort();
            }
        }
        catch (DbException e)
        {
            Log.NotChecked(logger, requests.Count, e.Message);
        }
    }

    private sealed class Entry(LiveRequests owner, HttpContext context, Caller caller, VisibleHosts visible, long began) : IDisposable
    {
        private readonly Lock _gate = new();
        private bool _ended;

        public Caller Caller => caller;

        public VisibleHosts Visible => visible;

        public Credential Credential { get; } = Credential.Of(context);

        public long Began => began;

        public void Abort()
        {
            lock (_gate)
            {
                // After its end the context belongs to another request.
                if (!_ended)
                {
                    context.Abort();
                }
            }
        }

        public void Dispose()
        {
            lock (_gate)
            {
                _ended = true;
            }

            owner._entries.TryRemove(this, out _);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            68,
            LogLevel.Error,
            "Cannot check whether the callers of {Count} streams and shells may go on; they go on until it can be checked: {Reason}")]
        public static partial void NotChecked(ILogger logger, int count, string reason);
    }
}
