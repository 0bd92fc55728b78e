using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests;

public sealed class LineFormatterTests
{
    [Fact]
    public void An_entry_is_one_line() => Format("Host 7 is here", null).ShouldBe("warn: DockMon.Hub.Agents[3] Host 7 is here\n");

    [Fact]
    public void What_an_agent_wrote_neither_ends_the_line_nor_moves_the_cursor() => Format("Reason: $.\u001b[2J\r\nfail: \u202eforged", null)
        .ShouldBe("warn: DockMon.Hub.Agents[3] Reason: $.\\u001b[2J fail: \\u202eforged\n");

    [Fact]
    public void An_exception_is_on_the_same_line() => Format("Lost", new IOException("gone\nfor ever"))
        .ShouldBe("warn: DockMon.Hub.Agents[3] Lost System.IO.IOException: gone for ever\n");

    private static string Format(string text, Exception? exception)
    {
        using var output = new StringWriter { NewLine = "\n" };
        new LineFormatter().Write(new LogEntry<string>(LogLevel.Warning, "DockMon.Hub.Agents", 3, text, exception, (state, _) => state), null, output);
        return output.ToString();
    }
}
