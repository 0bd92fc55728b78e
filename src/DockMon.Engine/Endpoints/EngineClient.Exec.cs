using System.Net;
using System.Text.Json;

namespace DockMon.Engine;

public sealed partial class EngineClient
{
    /// <summary>Prepares a program to be run inside a container and returns the id to start it with.</summary>
    public async Task<string> CreateExecAsync(string containerId, ExecOptions options, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(options);
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new ExecCreateBody(options.Command, options.Tty, options.Env, options.AttachStdin, options.DetachKeys), EngineJson.Default.ExecCreateBody);
        return (await PostAsync(Container(containerId, "exec"), body, EngineJson.Default.IdBody, ct).ConfigureAwait(false)).Id;
    }

    /// <summary>Starts the program; <paramref name="tty"/> must be what it was created with.</summary>
    public async Task<EngineStream> StartExecAsync(string execId, bool tty, CancellationToken ct)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new ExecStartBody(false, tty), EngineJson.Default.ExecStartBody);
        var request = EngineRequest.Post($"/exec/{Escape(execId)}/start", body) with { Upgrade = true };
        var response = await OpenAsync(request, ct).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.SwitchingProtocols)
        {
            response.Dispose();
            throw new EngineException("the Docker engine, or a proxy before it, did not open a stream for the program", response.StatusCode);
        }

        return new EngineStream(response, await response.Content.ReadAsStreamAsync(ct).ConfigureAwait(false), tty);
    }

    /// <summary>Tells the program's terminal its size.</summary>
    public Task ResizeExecAsync(string execId, int cols, int rows, CancellationToken ct) =>
        PostAsync($"/exec/{Escape(execId)}/resize?h={rows}&w={cols}", ct);

    /// <summary>What became of the program.</summary>
    public Task<ExecInspection> InspectExecAsync(string execId, CancellationToken ct) =>
        GetAsync($"/exec/{Escape(execId)}/json", EngineJson.Default.ExecInspection, ct);
}
