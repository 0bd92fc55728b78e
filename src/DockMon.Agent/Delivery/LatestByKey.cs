using System.Diagnostics.CodeAnalysis;

namespace DockMon.Agent.Delivery;

/// <summary>A queue with one place per key: a newer value takes the place of the one that waits. Not thread-safe.</summary>
internal sealed class LatestByKey<T>
{
    private readonly Dictionary<string, T> _values = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    public int Count => _values.Count;

    public void Put(string key, T value)
    {
        if (!_values.ContainsKey(key))
        {
            _order.Enqueue(key);
        }

        _values[key] = value;
    }

    public bool TryTake([MaybeNullWhen(false)] out T value)
    {
        value = default;
        return _order.TryDequeue(out var key) && _values.Remove(key, out value);
    }

    public void Clear()
    {
        _values.Clear();
        _order.Clear();
    }
}
