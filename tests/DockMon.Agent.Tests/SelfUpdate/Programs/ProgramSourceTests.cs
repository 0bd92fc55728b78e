using System.Collections.Concurrent;
using System.Formats.Tar;
using DockMon.Agent.Commands;
using DockMon.Agent.SelfUpdate;
using DockMon.Agent.SelfUpdate.Programs;
using DockMon.Agent.Tests.Connection;
using DockMon.Engine;
using DockMon.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.SelfUpdate.Programs;

/// <summary>One server that is the engine and the download at once; what it sends of the program, and what then, is the test's.</summary>
public sealed class ProgramSourceTests : IAsyncLifetime
{
    private const int ProgramLength = 8192;
    private const int Half = ProgramLength / 2;
    private const int EndOfTar = 1024;

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource _sent = new();
    private readonly ConcurrentQueue<string> _deleted = new();
    private bool _imageThere = true;
    private int _removal = 200;
    private Func<HttpContext, Task> _then = _ => Task.CompletedTask;
    private WebApplication _server = null!;
    private EngineClient _engine = null!;
    private ProgramSource _source = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Authority => new Uri(_server.Urls.Single()).Authority;

    public async ValueTask InitializeAsync()
    {
        _server = await LoopbackServer.StartAsync(AnswerAsync, Token);
        _engine = new EngineClient(EngineEndpoint.FromEnvironment("tcp://" + Authority, null, null), _time);
        _source = new ProgramSource(_engine, new SelfUpdateStore(_folder.Path), "here:/data", needsSignature: false, _time, NullLogger.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        _source.Dispose();
        _engine.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_program_that_comes_whole_is_written_down()
    {
        _then = context => context.Response.Body.WriteAsync(new byte[Half + EndOfTar], Token).AsTask();
        (await _source.FromImageAsync("agent:2", Token)).Sha256.Length.ShouldBe(64);
        new FileInfo(new SelfUpdateStore(_folder.Path).IncomingPath).Length.ShouldBe(ProgramLength);
    }

    [Theory]
    [InlineData("agent:2")]
    [InlineData("http")]
    public async Task What_breaks_off_is_not_said_to_be_the_disks_fault(string from)
    {
        _then = async context =>
        {
            await Retry.UntilAsync("some of it has arrived", () => new FileInfo(new SelfUpdateStore(_folder.Path).IncomingPath).Length > 0, ct: Token);
            context.Abort();
        };
        var error = (await Should.ThrowAsync<CommandException>(() => FetchAsync(from))).Message;
        error.ShouldStartWith($"the new program broke off on its way out of {Source(from)}: ");
        error.ShouldContain("ask for the update again");
    }

    [Theory]
    [InlineData("agent:2")]
    [InlineData("http")]
    public async Task What_stops_coming_is_said_to_have_stopped(string from)
    {
        _then = context => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        var fetching = FetchAsync(from);
        await _sent.Task.WaitAsync(Token);
        await Retry.UntilAsync("it is given up", () =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return fetching.IsCompleted;
        }, ct: Token);
        (await Should.ThrowAsync<CommandException>(() => fetching)).Message.ShouldContain($"out of {Source(from)}: nothing came for 60 s (timeout)");
    }

    [Fact]
    public async Task A_proxys_password_and_the_addresss_are_not_in_the_error()
    {
        var secret = RefusingProxy.Use();
        var error = (await Should.ThrowAsync<CommandException>(() => _source.FromUrlAsync(
            $"https://me:s3cret@{RefusingProxy.Host}/agent?token=s3cret",
            Token))).Message;
        error.ShouldStartWith($"the download of https://{RefusingProxy.Host}/agent failed: ");
        error.ShouldContain("403");
        error.ShouldNotContain(secret);
        error.ShouldNotContain("s3cret");
    }

    [Theory]
    [InlineData(false, "DELETE /images/agent:2")]
    [InlineData(true, "")]
    public async Task The_image_is_removed_again_unless_it_was_there_before(bool wasThere, string removed)
    {
        _imageThere = wasThere;
        _then = context => context.Response.Body.WriteAsync(new byte[Half + EndOfTar], Token).AsTask();
        await _source.FromImageAsync("agent:2", Token);
        string.Join(", ", _deleted.Where(path => path.Contains("/images/", StringComparison.Ordinal))).ShouldBe(removed);
        new SelfUpdateStore(_folder.Path).Read().PulledImage.ShouldBeNull();
    }

    [Theory]
    [InlineData(409, false)]
    [InlineData(404, false)]
    [InlineData(500, true)]
    public async Task An_image_that_cannot_be_removed_now_is_with_the_next_start_unless_somebody_uses_it(int status, bool again)
    {
        (_imageThere, _removal) = (false, status);
        _then = context => context.Response.Body.WriteAsync(new byte[Half + EndOfTar], Token).AsTask();
        await _source.FromImageAsync("agent:2", Token);
        _deleted.Clear();
        _removal = 200;
        await _source.RemoveLeftoversAsync(Token);
        _deleted.Contains("DELETE /images/agent:2").ShouldBe(again);
        await _source.RemoveLeftoversAsync(Token);
        _deleted.Count.ShouldBe(again ? 1 : 0);
    }

    private Task<FetchedProgram> FetchAsync(string from) =>
        from == "http" ? _source.FromUrlAsync($"http://me:s3cret@{Authority}/download?token=s3cret", Token) : _source.FromImageAsync(from, Token);

    private string Source(string from) => from == "http" ? $"http://{Authority}/download" : from;

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (path.EndsWith("/archive", StringComparison.Ordinal) || path == "/download")
        {
            await SendAsync(context, inTar: path != "/download");
            return;
        }

        context.Response.Headers["Api-Version"] = "1.41";
        var isImage = path.EndsWith("/images/agent:2/json", StringComparison.Ordinal) || path.EndsWith("/images/agent:2", StringComparison.Ordinal);
        if (context.Request.Method == "DELETE")
        {
            _deleted.Enqueue("DELETE " + path[path.IndexOf('/', 1)..]);
            context.Response.StatusCode = isImage ? _removal : 204;
        }
        else if (isImage)
        {
            context.Response.StatusCode = _imageThere ? 200 : 404;
        }

        if (context.Response.StatusCode == 204)
        {
            return;
        }

        await context.Response.WriteAsync(
            path.EndsWith("/images/create", StringComparison.Ordinal) ? """{"status":"Pulled"}"""
            : path.EndsWith("/containers/create", StringComparison.Ordinal) ? """{"Id":"c"}"""
            : path.EndsWith("/containers/json", StringComparison.Ordinal) ? "[]" : "{}",
            Token);
    }

    private async Task SendAsync(HttpContext context, bool inTar)
    {
        using var tar = new MemoryStream();
        await using (var writer = new TarWriter(tar, leaveOpen: true))
        {
            await writer.WriteEntryAsync(
                new PaxTarEntry(TarEntryType.RegularFile, "dockmon-agent") { DataStream = new MemoryStream(new byte[ProgramLength]) },
                Token);
        }

        var whole = inTar ? tar.ToArray() : new byte[ProgramLength];
        await context.Response.Body.WriteAsync(whole.AsMemory(0, whole.Length - EndOfTar - Half), Token);
        await context.Response.Body.FlushAsync(Token);
        _sent.TrySetResult();
        await _then(context);
    }
}
