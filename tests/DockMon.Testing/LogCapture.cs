using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace DockMon.Testing;

/// <summary>What was logged, a line for each entry: <c>Warning: The text</c>.</summary>
public sealed class LogCapture : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();

    /// <summary>Raised after each line, by who logs.</summary>
    public event Action? Logged;

    /// <summary>The lines so far.</summary>
    public string[] Lines => [.. _lines];

    /// <summary>All of them in one.</summary>
    public string Text => string.Join('\n', Lines);

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Debug;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            _lines.Enqueue($"{logLevel}: {formatter(state, exception)}");
            Logged?.Invoke();
        }
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => this;

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("It is its own and only provider.");

    /// <inheritdoc/>
    public void Dispose()
    {
        // It holds nothing.
    }
}
