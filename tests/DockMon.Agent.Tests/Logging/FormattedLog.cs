using System.Text.Json;
using DockMon.Agent.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace DockMon.Agent.Tests.Logging;

/// <summary>A logger of the agent at a fixed time, and the lines it wrote, to the letter.</summary>
internal sealed class FormattedLog
{
    private readonly StringWriter _output = new();

    public FormattedLog(bool json, LogLevel minimum = LogLevel.Debug, string category = "DockMon.Agent.Connection.ReadLoop")
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 12, 0, 1, 250, TimeSpan.Zero));
        Factory = new JsonLoggerFactory(_output, minimum, json, time);
        Logger = Factory.CreateLogger(category);
    }

    public JsonLoggerFactory Factory { get; }

    public ILogger Logger { get; }

    public string Text => _output.ToString();

    public string[] Lines => Text.Split('\n')[..^1];

    public JsonElement Json => JsonDocument.Parse(Lines[^1]).RootElement;
}
