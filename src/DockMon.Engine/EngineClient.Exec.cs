using System.Globalization;
using System.Text.Json;

namespace DockMon.Engine;

public sealed partial class EngineClient
{
    /// <summary>Prepares a command in a running container.</summary>
    /// <returns>The id of the exec.</returns>
    public async Task<string> CreateExecAsync(string containerId, ExecOptions options, CancellationToken ct)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new ExecCreate { Cmd = options.Command, Tty = options.Tty, Env = options.Env, AttachStdin = options.AttachStdin, AttachStdout = true, AttachStderr = true },
            EngineJson.Default.ExecCreate);
        return Deserialize(await PostRawAsync($"/containers/{Escape(containerId)}/exec", body, ct).ConfigureAwait(false), EngineJson.Default.CreatedObject).Id;
    }

    /// <summary>Starts the command. The connection becomes its input and output.</summary>
    public async Task<EngineStream> StartExecAsync(string execId, bool tty, CancellationToken ct)
    {
        var version = await GetApiVersionAsync(ct).ConfigureAwait(false);
        var body = JsonSerializer.SerializeToUtf8Bytes(new ExecStart { Detach = false, Tty = tty }, EngineJson.Default.ExecStart);
        return await EngineStream.OpenAsync(_transport, $"/v{version}/exec/{Escape(execId)}/start", body, ct).ConfigureAwait(false);
    }

    /// <summary>Sets the size of a command's terminal, in characters and lines.</summary>
    public Task ResizeExecAsync(string execId, int cols, int rows, CancellationToken ct) =>
        PostAsync(string.Create(CultureInfo.InvariantCulture, $"/exec/{Escape(execId)}/resize?w={cols}&h={rows}"), ct);

    /// <summary>Whether the command runs, and how it ended.</summary>
    public async Task<ExecInspection> InspectExecAsync(string execId, CancellationToken ct) =>
        Deserialize(await GetRawAsync($"/exec/{Escape(execId)}/json", ct).ConfigureAwait(false), EngineJson.Default.ExecInspection);
}
