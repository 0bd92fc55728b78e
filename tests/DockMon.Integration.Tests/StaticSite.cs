using System.Net;
using DockMon.Testing;

namespace DockMon.Integration.Tests;

/// <summary>The files of a directory over HTTP, on a loopback port.</summary>
internal sealed class StaticSite : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly string _folder;
    private readonly Task _loop;

    private StaticSite(string folder)
    {
        _folder = folder;
        Url = $"http://127.0.0.1:{FreePort.Next()}";
        _listener.Prefixes.Add(Url + "/");
        _listener.Start();
        _loop = RunAsync();
    }

    public string Url { get; }

    public static StaticSite Start(string folder) => new(folder);

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _loop;
        _listener.Close();
    }

    private async Task RunAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                var path = Path.Combine(_folder, context.Request.Url!.AbsolutePath.TrimStart('/'));
                context.Response.StatusCode = File.Exists(path) ? 200 : 404;
                context.Response.Close(File.Exists(path) ? await File.ReadAllBytesAsync(path) : [], willBlock: true);
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                // Stopped, or the client has gone.
            }
        }
    }
}
