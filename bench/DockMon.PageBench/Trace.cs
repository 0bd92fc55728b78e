using System.Text.Json;
using Microsoft.Playwright;

namespace DockMon.PageBench;

/// <summary>What the browser writes down of its work: a file that the Performance panel of its tools opens.</summary>
internal sealed class Trace
{
    private readonly ICDPSession _tools;
    private readonly TaskCompletionSource<string> _written = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Trace(ICDPSession tools) => _tools = tools;

    public static async Task<Trace> StartAsync(ICDPSession tools)
    {
        var trace = new Trace(tools);
        tools.Event("Tracing.tracingComplete").OnEvent += trace.OnWritten;
        await tools.SendAsync("Tracing.start", new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["transferMode"] = "ReturnAsStream",
            ["traceConfig"] = new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["includedCategories"] = new[] { "devtools.timeline", "v8", "disabled-by-default-v8.cpu_profiler", "toplevel" },
            },
        });
        return trace;
    }

    public async Task WriteAsync(string file)
    {
        await _tools.SendAsync("Tracing.end");
        var stream = await _written.Task.WaitAsync(TimeSpan.FromMinutes(2));
        _tools.Event("Tracing.tracingComplete").OnEvent -= OnWritten;
        var handle = new Dictionary<string, object>(StringComparer.Ordinal) { ["handle"] = stream };
        await using var output = File.CreateText(file);
        for (var more = true; more;)
        {
            var piece = await _tools.SendAsync("IO.read", handle) ?? throw new InvalidOperationException("The browser does not say what it has written down.");
            await output.WriteAsync(piece.GetProperty("data").GetString());
            more = !piece.GetProperty("eof").GetBoolean();
        }

        await _tools.SendAsync("IO.close", handle);
    }

    private void OnWritten(object? sender, JsonElement? written) => _written.TrySetResult(written!.Value.GetProperty("stream").GetString()!);
}
