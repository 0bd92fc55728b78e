using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using DockMon.Testing;

namespace DockMon.Page.Tests;

/// <summary>
/// A network namespace where nothing changes, for the browser: Chromium gives up all that it loads when an interface comes or goes on its machine, and those
/// of other tests' containers do all the time. The way to the loopback addresses of this machine is a SOCKS proxy. Needs root.
/// </summary>
internal sealed class BrowserNetwork : IAsyncDisposable
{
    private const int NetworkNamespace = 0x40000000; // CLONE_NEWNET

    private readonly TemporaryFolder _folder = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ProgramProcess _namespace;
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;

    private BrowserNetwork()
    {
        // The pair of interfaces is what makes it a network: with the loopback interface alone, Chromium says that it is offline.
        const string setUp = "ip link set lo up && ip link add here type veth peer name there && ip link set here up && ip link set there up "
            + "&& ip addr add 192.0.2.1/24 dev here && echo up && exec sleep infinity";
        _namespace = ProgramProcess.Start("unshare", ["--net", "sh", "-c", setUp], new Dictionary<string, string>());
    }

    /// <summary>A program that starts another one in the namespace, with the same arguments.</summary>
    public string Program { get; private set; } = "";

    /// <summary>The proxy, as the browser is told of it.</summary>
    public string Proxy => $"socks5://{_listener!.LocalEndPoint}";

    /// <param name="program">What is to be started in it.</param>
    /// <param name="ct">Ends the wait.</param>
    public static async Task<BrowserNetwork> StartAsync(string program, CancellationToken ct)
    {
        var network = new BrowserNetwork();
        try
        {
            await network._namespace.WaitForLineAsync("up", ct);
            network.Program = network._folder.Write("browser", $"#!/bin/sh\nexec nsenter --net=/proc/{network._namespace.Id}/ns/net -- '{program}' \"$@\"\n");
            File.SetUnixFileMode(network.Program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            network._listener = await network.ListenAsync();
            network._accepting = network.AcceptAsync(network._listener);
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener?.Dispose();
        await _accepting;
        await _namespace.DisposeAsync();
        _folder.Dispose();
        _stop.Dispose();
    }

    [DllImport("libc", EntryPoint = "setns", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetNamespace(int file, int type);

    /// <summary>A socket belongs to the namespace of the thread that makes it; whoever uses it afterwards may be elsewhere.</summary>
    private Task<Socket> ListenAsync()
    {
        var made = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                using var space = File.OpenHandle($"/proc/{_namespace.Id}/ns/net");
                if (SetNamespace((int)space.DangerousGetHandle(), NetworkNamespace) != 0)
                {
                    throw new IOException("cannot enter the browser's network namespace: " + Marshal.GetLastPInvokeErrorMessage());
                }

                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
                socket.Listen(512);
                made.SetResult(socket);
            }
            catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
            {
                made.SetException(e);
            }
        }).Start();
        return made.Task;
    }

    private async Task AcceptAsync(Socket listener)
    {
        var links = new List<Task>();
        try
        {
            while (true)
            {
                links.Add(RelayAsync(await listener.AcceptAsync(_stop.Token)));
                links.RemoveAll(link => link.IsCompleted);
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(links);
        }
    }

    private async Task RelayAsync(Socket browser)
    {
        await Task.Yield();
        using (browser)
        using (var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            try
            {
                browser.NoDelay = server.NoDelay = true;
                if (await ConnectAsync(browser, server))
                {
                    await Task.WhenAll(CopyAsync(browser, server), CopyAsync(server, browser));
                }
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
            {
                // A side is gone, and the other one is told so by the end of its connection.
            }
        }
    }

    /// <summary>The beginning of a SOCKS 5 connection (RFC 1928), without authentication, to a loopback address.</summary>
    private async Task<bool> ConnectAsync(Socket browser, Socket server)
    {
        await using var stream = new NetworkStream(browser);
        var bytes = new byte[512];
        await stream.ReadExactlyAsync(bytes.AsMemory(0, 2), _stop.Token);
        await stream.ReadExactlyAsync(bytes.AsMemory(0, bytes[1]), _stop.Token);
        await stream.WriteAsync(new byte[] { 5, 0 }, _stop.Token);
        await stream.ReadExactlyAsync(bytes.AsMemory(0, 5), _stop.Token);
        var length = bytes[4];
        var isName = bytes[3] == 3; // Chromium writes every address as a name.
        await stream.ReadExactlyAsync(bytes.AsMemory(0, length + 2), _stop.Token);
        if (!isName || !IPAddress.TryParse(Encoding.ASCII.GetString(bytes, 0, length), out var address) || !IPAddress.IsLoopback(address))
        {
            await stream.WriteAsync(new byte[] { 5, 2, 0, 1, 0, 0, 0, 0, 0, 0 }, _stop.Token); // Not allowed.
            return false;
        }

        try
        {
            await server.ConnectAsync(new IPEndPoint(address, (bytes[length] << 8) | bytes[length + 1]), _stop.Token);
        }
        catch (SocketException)
        {
            await stream.WriteAsync(new byte[] { 5, 5, 0, 1, 0, 0, 0, 0, 0, 0 }, _stop.Token); // Refused.
            return false;
        }

        await stream.WriteAsync(new byte[] { 5, 0, 0, 1, 0, 0, 0, 0, 0, 0 }, _stop.Token);
        return true;
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        try
        {
            var bytes = new byte[64 * 1024];
            while (await from.ReceiveAsync(bytes, _stop.Token) is > 0 and var length)
            {
                for (var sent = 0; sent < length;)
                {
                    sent += await to.SendAsync(bytes.AsMemory(sent, length - sent), _stop.Token);
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // What was cut on one side is cut on the other, and the other way ends, too.
            from.Close(0);
            to.Close(0);
        }
    }
}
