using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Text;
using DockMon.Cli.Interop;
using DockMon.Cli.Output;

namespace DockMon.Cli.Commands;

/// <summary><c>dockmon exec</c>: a shell in a container.</summary>
internal static class ExecCommand
{
    /// <summary>What the hub says when the shell itself ended.</summary>
    private const string NormalEnd = "the shell ended";

    public static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        context.Arguments.Switch("-it", "-ti", "-i", "-t"); // It always is interactive.
        var name = context.Arguments.Word("the container");
        if (context.Arguments.NextWord() is not null)
        {
            throw new CliException(ExitCodes.Usage, "exec opens the container's shell and takes no command: type it there");
        }

        var container = await Containers.FindAsync(context.Hub, name, ct);
        using var socket = await context.Hub.OpenSocketAsync(Containers.Path(container) + "/shell", ct);
        using var sending = new SemaphoreSlim(1);
        using var raw = TerminalMode.Raw();
        async Task SendSizeAsync()
        {
            if (TerminalMode.Size() is var (columns, rows))
            {
                var resize = Encoding.UTF8.GetBytes($$$"""{"resize":{"cols":{{{columns}}},"rows":{{{rows}}}}}""");
                await SendAsync(socket, sending, resize, WebSocketMessageType.Text, ct);
            }
        }

        await SendSizeAsync();
        using var resized = new SemaphoreSlim(0);
        using var signal = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => resized.Release());
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var resizing = ResizeAsync(resized, SendSizeAsync, ended.Token);
        var typing = TypeAsync(socket, sending, ended.Token);
        var reason = await ShowAsync(socket, ct);
        await ended.CancelAsync();
        await resizing;

        // A read of the terminal cannot be cancelled: if it waits for a key, it ends with the process.
        await Task.WhenAny(typing, Task.CompletedTask);
        raw?.Dispose();
        if (reason is null or "" or NormalEnd)
        {
            return ExitCodes.Success;
        }

        await context.Console.Error.WriteLineAsync($"\r\ndockmon: the shell ended: {Text.Safe(reason)}");
        return ExitCodes.Failed;
    }

    private static async Task ResizeAsync(SemaphoreSlim resized, Func<Task> send, CancellationToken ct)
    {
        try
        {
            while (true)
            {
                await resized.WaitAsync(ct);
                await send();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException)
        {
            // The shell ended.
        }
    }

    private static async Task TypeAsync(WebSocket socket, SemaphoreSlim sending, CancellationToken ct)
    {
        await using var input = TerminalMode.Input();
        var buffer = new byte[4096];
        try
        {
            while (await input.ReadAsync(buffer, ct) is > 0 and var length)
            {
                await SendAsync(socket, sending, buffer.AsMemory(0, length), WebSocketMessageType.Binary, ct);
            }

            // The end of the input is the end of the shell.
            await SendAsync(socket, sending, new byte[] { 4 }, WebSocketMessageType.Binary, ct);
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException)
        {
            // The shell ended.
        }
    }

    /// <returns>Why the hub closed; null when nothing was said.</returns>
    private static async Task<string?> ShowAsync(WebSocket socket, CancellationToken ct)
    {
        await using var output = Console.OpenStandardOutput();
        var buffer = new byte[32 * 1024];
        try
        {
            while (true)
            {
                var result = await socket.ReceiveAsync(buffer.AsMemory(), ct);
                if (result.MessageType == WebSocketMessageType.Close)
                {
                    return socket.CloseStatusDescription;
                }

                await output.WriteAsync(buffer.AsMemory(0, result.Count), ct);
                await output.FlushAsync(ct);
            }
        }
        catch (WebSocketException e)
        {
            return "the connection to the hub was lost: " + e.Message;
        }
    }

    private static async Task SendAsync(WebSocket socket, SemaphoreSlim sending, ReadOnlyMemory<byte> data, WebSocketMessageType type, CancellationToken ct)
    {
        await sending.WaitAsync(ct);
        try
        {
            await socket.SendAsync(data, type, endOfMessage: true, ct);
        }
        finally
        {
            sending.Release();
        }
    }
}
