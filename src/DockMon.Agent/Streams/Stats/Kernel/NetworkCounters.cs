using DockMon.Agent.Linux;

namespace DockMon.Agent.Streams.Stats.Kernel;

/// <summary>
/// What went through the interfaces of one network namespace. Containers that share a namespace share this, and it is read once for all of them.
/// </summary>
internal sealed class NetworkCounters(string? key, KernelFile file)
{
    private long _tick = -1;
    private (ulong Rx, ulong Tx) _last;

    /// <summary>The namespace, as the link <c>ns/net</c> names it; null where that link cannot be read.</summary>
    public string? Key => key;

    /// <summary>How many containers use it.</summary>
    public int Users { get; set; }

    /// <summary>Bytes received and sent.</summary>
    /// <exception cref="IOException">The namespace is gone.</exception>
    public (ulong Rx, ulong Tx) Read(ReadBuffer buffer, long tick)
    {
        if (_tick != tick)
        {
            _last = Sum(file.Read(buffer));
            _tick = tick;
        }

        return _last;
    }

    public void Close() => file.Dispose();

    /// <summary>
    /// The engine counts the interfaces it made, eth0, eth1 and so on. Others beside them are a program's own, such as a tunnel or the bridges of
    /// an engine inside the container, and what goes through those goes through an eth as well. Where none is called that, all but the loopback count.
    /// </summary>
    internal static (ulong Rx, ulong Tx) Sum(ReadOnlySpan<byte> text)
    {
        var (made, others) = (default((ulong Rx, ulong Tx)), default((ulong Rx, ulong Tx)));
        var any = false;
        foreach (var range in text.Split((byte)'\n'))
        {
            if (!KernelText.TryInterface(text[range], out var name, out var rx, out var tx))
            {
                continue;
            }

            if (name.StartsWith("eth"u8) && name.Length > 3 && char.IsAsciiDigit((char)name[3]))
            {
                any = true;
                made = (made.Rx + rx, made.Tx + tx);
            }
            else if (!name.SequenceEqual("lo"u8))
            {
                others = (others.Rx + rx, others.Tx + tx);
            }
        }

        return any ? made : others;
    }
}

/// <summary>The namespaces that are being read.</summary>
internal sealed class NetworkNamespaces
{
    private readonly Dictionary<string, NetworkCounters> _known = new(StringComparer.Ordinal);

    /// <summary>The counters of a process's namespace.</summary>
    /// <param name="folder">The process's directory below /proc.</param>
    /// <exception cref="IOException">The process is gone.</exception>
    public NetworkCounters Join(string folder)
    {
        var key = Namespace(Path.Combine(folder, "ns/net"));
        if (key is null || !_known.TryGetValue(key, out var counters))
        {
            counters = new NetworkCounters(key, KernelFile.Open(Path.Combine(folder, "net/dev")));
            if (key is not null)
            {
                _known.Add(key, counters);
            }
        }

        counters.Users++;
        return counters;
    }

    /// <summary>One container does not use them any more. An open file keeps a namespace alive, so the last one closes it.</summary>
    public void Leave(NetworkCounters counters)
    {
        if (--counters.Users > 0)
        {
            return;
        }

        if (counters.Key is { } key)
        {
            _known.Remove(key);
        }

        counters.Close();
    }

    private static string? Namespace(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // In a container that may not trace others; each container then has its own counters.
        }
    }
}
