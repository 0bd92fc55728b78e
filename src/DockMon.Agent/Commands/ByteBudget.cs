namespace DockMon.Agent.Commands;

/// <summary>Bytes that may be held at one time.</summary>
internal sealed class ByteBudget(long limit)
{
    private long _used;

    /// <summary>Takes so many, if there are so many left.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= limit)
        {
            return true;
        }

        Give(bytes);
        return false;
    }

    /// <summary>Gives them back.</summary>
    public void Give(long bytes) => Interlocked.Add(ref _used, -bytes);
}
