using System.Collections.Concurrent;
using System.Data.Common;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Api;

namespace DockMon.Hub.Access;

/// <summary>
/// Requests that go on for long, such as streams and shells. They end soon after their caller may no longer make them, or sees other hosts: who still may,
/// makes them again.
/// </summary>
internal sealed partial class LiveRequests(Authenticator authenticator, HostTags hosts, TimeProvider time, ILogger<LiveRequests> logger)
    : PeriodicService(Interval, time)
{
    /// <summary>A request is looked at from this age on, so what began just after a look may go on for twice this long.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(7);

    private readonly ConcurrentDictionary<Entry, bool> _entries = new();

    /// <summary>Watches a request until the result is disposed.</summary>
    public IDisposable Watch(HttpContext context, Caller caller, VisibleHosts visible)
    {
        var entry = new Entry(this, context, caller, visible, Time.GetTimestamp());
        _entries[entry] = true;
        return entry;
    }

    protected override async Task TakeTurnAsync(CancellationToken ct)
    {
        foreach (var requests in _entries.Keys.Where(entry => Time.GetElapsedTime(entry.Began) >= Interval).GroupBy(entry => entry.Credential))
        {
            await CheckAsync(requests.Key, [.. requests], ct);
        }
    }

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
