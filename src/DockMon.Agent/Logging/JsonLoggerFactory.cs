using Microsoft.Extensions.Logging;

namespace DockMon.Agent.Logging;

/// <summary>Loggers that write one line for each entry to one writer, as JSON or as text.</summary>
internal sealed class JsonLoggerFactory(TextWriter output, LogLevel minimum, bool json, TimeProvider time) : ILoggerFactory
{
    private readonly LogOutput _output = new(output, json, time);

    public ILogger CreateLogger(string categoryName) => new LineLogger(_output, minimum, LogName.OfCategory(categoryName));

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("This factory is its own and only provider.");

    /// <summary>Leaves the writer to whoever made it.</summary>
    public void Dispose()
    {
    }

    private sealed class LineLogger(LogOutput output, LogLevel minimum, string name) : ILogger
    {
        public bool IsEnabled(LogLevel logLevel) => logLevel >= minimum && logLevel != LogLevel.None;

        // Scopes are not used: what an entry needs to say is in its message.
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                output.Write(new LogEntry(logLevel, name, formatter(state, exception), state as IReadOnlyList<KeyValuePair<string, object?>>, exception));
            }
        }
    }
}
