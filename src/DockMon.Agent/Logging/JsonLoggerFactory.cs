using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Logging;

/// <summary>Makes loggers that write one line per message to one writer: JSON for machines, or text for people.</summary>
internal sealed class JsonLoggerFactory(TextWriter output, LogLevel minimum, bool json, TimeProvider time) : ILoggerFactory
{
    private readonly Lock _gate = new();

    public ILogger CreateLogger(string categoryName)
    {
        var name = categoryName[(categoryName.LastIndexOf('.') + 1)..];
        return new LineLogger(this, name);
    }

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("This factory writes to its own writer alone.");

    public void Dispose()
    {
        lock (_gate)
        {
            output.Flush();
        }
    }

    private void Write(string line)
    {
        lock (_gate)
        {
            output.Write(line);
            output.Flush();
        }
    }

    private sealed class LineLogger(JsonLoggerFactory factory, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= factory.Minimum && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                var line = new LogLine(factory.Time.GetUtcNow(), logLevel, name, formatter(state, exception), state as IReadOnlyList<KeyValuePair<string, object?>> ?? [], exception);
                factory.Write(factory.Json ? line.ToJson() : line.ToText());
            }
        }
    }

    private LogLevel Minimum => minimum;

    private bool Json => json;

    private TimeProvider Time => time;
}
