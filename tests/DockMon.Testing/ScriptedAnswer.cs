using System.Text;

namespace DockMon.Testing;

/// <summary>What goes over the wire, and whether the connection is held open after it.</summary>
public sealed record ScriptedAnswer(string Text, bool Hang = false, Func<Stream, CancellationToken, Task>? Then = null)
{
    public static ScriptedAnswer Never { get; } = new("", Hang: true);

    public static ScriptedAnswer Ping(string version) => Json("OK", headers: $"Api-Version: {version}\r\n");

    public static ScriptedAnswer Json(string body, int status = 200, string headers = "") => new(
        $"HTTP/1.1 {status} Status\r\n{headers}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}");

    public static ScriptedAnswer Empty(int status) =>
        new($"HTTP/1.1 {status} Status\r\nConnection: close\r\n{(status is 204 or 304 ? "" : "Content-Length: 0\r\n")}\r\n");

    /// <summary>A stream of chunks; one that is cut short lacks the chunk that says it is complete.</summary>
    public static ScriptedAnswer Stream(bool cutShort = false, bool hang = false, params string[] chunks) => new(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        + string.Concat(chunks.Select(c => $"{Encoding.UTF8.GetByteCount(c):x}\r\n{c}\r\n"))
        + (cutShort || hang ? "" : "0\r\n\r\n"),
        hang);

    /// <summary>Holds the request until the test is over, and lets the test know that it is there.</summary>
    public static ScriptedAnswer NeverAfter(TaskCompletionSource arrived) => new("", Hang: true, Then: (_, _) =>
    {
        arrived.TrySetResult();
        return Task.CompletedTask;
    });
}
