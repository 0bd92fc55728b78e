using System.Net.Sockets;
using System.Text;
using DockMon.Agent.Health;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Health;

public sealed class HealthVerbTests : IDisposable
{
    private readonly TemporaryFolder _data = new();
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Without_a_socket_no_agent_runs_there()
    {
        var (code, line) = await AskAsync();
        code.ShouldBe(1);
        line.ShouldBe($"unhealthy: there is no {_data.File("agent.sock")}: no agent runs with this DATA_PATH, or it is just starting");
    }

    [Fact]
    public async Task A_socket_that_nobody_listens_on_is_of_an_agent_that_has_ended()
    {
        using (var ended = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            ended.Bind(new UnixDomainSocketEndPoint(_data.File("left")));
            File.Move(_data.File("left"), _data.File("agent.sock")); // Closing it would remove the file.
        }

        (await AskAsync()).ShouldBe((1, $"unhealthy: no agent answers on {_data.File("agent.sock")}: it has ended"));
    }

    [Theory]
    [InlineData("{\"healthy\":true,\"text\":\"healthy: all well\"}\n", 0, "healthy: all well")]
    [InlineData("{\"healthy\":false,\"text\":\"unhealthy: the engine is away\"}\n", 1, "unhealthy: the engine is away")]
    [InlineData("{\"healthy\":false,\"text\":\"unhealthy: \\u001b[2J\\u202eaway\"}\n", 1, "unhealthy:  [2J away")]
    [InlineData("null", 1, "unhealthy: the agent's answer is empty")]
    [InlineData("", 1, "unhealthy: the agent cannot be asked on ")]
    [InlineData("no JSON", 1, "unhealthy: the agent cannot be asked on ")]
    [InlineData("{\"healthy\":\"yes\"}", 1, "unhealthy: the agent cannot be asked on ")]
    public async Task What_the_agent_says_is_the_line_and_the_exit_code(string answer, int code, string line)
    {
        await using var agent = Serve((socket, ct) => socket.SendAsync(Encoding.UTF8.GetBytes(answer), SocketFlags.None, ct).AsTask());
        var (exit, output) = await AskAsync();
        exit.ShouldBe(code);
        output.ShouldStartWith(line);
    }

    [Fact]
    public async Task An_agent_that_does_not_answer_is_given_up()
    {
        var asked = new TaskCompletionSource();
        await using var agent = Serve((_, ct) =>
        {
            asked.TrySetResult();
            return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
        });
        var asking = AskAsync();
        await asked.Task.WaitAsync(TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromSeconds(4.5));
        (await asking).ShouldBe((1, "unhealthy: the agent does not answer within 4.5 s (timeout)"));
    }

    [Fact]
    public async Task A_DATA_PATH_that_is_none_is_told_and_no_socket_is_looked_for()
    {
        using var output = new StringWriter();
        (await HealthVerb.RunAsync(output, name => name == "DATA_PATH" ? "relative" : null, _time)).ShouldBe(1);
        output.ToString().ShouldStartWith("unhealthy: ");
        output.ToString().ShouldContain("DATA_PATH");
    }

    [Fact]
    public async Task A_DATA_PATH_too_long_for_a_socket_is_told()
    {
        using var output = new StringWriter();
        (await HealthVerb.RunAsync(output, name => name == "DATA_PATH" ? "/" + new string('x', 150) : null, _time)).ShouldBe(1);
        output.ToString().ShouldStartWith("unhealthy: ");
    }

    [Fact]
    public async Task Whether_an_agent_listens_is_told_without_asking_it()
    {
        (await HealthEndpoint.IsListeningAsync(_data.Path)).ShouldBeFalse();
        await using (Serve((_, _) => Task.CompletedTask))
        {
            (await HealthEndpoint.IsListeningAsync(_data.Path)).ShouldBeTrue();
        }

        (await HealthEndpoint.IsListeningAsync(_data.Path)).ShouldBeFalse();
    }

    /// <summary>An agent that answers as the test says.</summary>
    private Link Serve(Func<Socket, CancellationToken, Task> serve)
    {
        var server = new SocketServer(serve);
        File.CreateSymbolicLink(_data.File("agent.sock"), server.Path);
        return new Link(server, _data.File("agent.sock"));
    }

    private async Task<(int Code, string Line)> AskAsync()
    {
        using var output = new StringWriter();
        var code = await HealthVerb.RunAsync(output, name => name == "DATA_PATH" ? _data.Path : null, _time);
        return (code, output.ToString().TrimEnd());
    }

    private sealed class Link(SocketServer server, string path) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await server.DisposeAsync();
            File.Delete(path);
        }
    }
}
