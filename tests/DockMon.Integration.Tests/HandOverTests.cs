using System.Net.Sockets;
using System.Text;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>The moment in which one program becomes another one, as whoever watches the process sees it.</summary>
public sealed class HandOverTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_service_manager_is_not_told_that_the_agent_stops_when_it_becomes_another_version()
    {
        var path = Path.Combine(_folder.Path, "notify");
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        systemd.Bind(new UnixDomainSocketEndPoint(path));
        await using var scene = await SelfUpdateScene.StartAsync(Token, supervised: true, ("NOTIFY_SOCKET", path));
        var other = await OtherAgent.InCAsync(scene.Folder, "waits", "for (;;) pause();", Token);
        await scene.UpdateAsync(other, Token);
        await scene.Installation.Agent.WaitForLineAsync("Becoming version 9.9.9 on trial", Token);

        // Once STOPPING=1 was said, systemd refuses every READY=1 and ends the service when its time for stopping is over.
        var told = Read(systemd);
        told.ShouldContain("READY=1");
        told.ShouldNotContain(state => state.Contains("STOPPING=1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_service_manager_is_told_when_the_agent_stops()
    {
        var path = Path.Combine(_folder.Path, "notify");
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        systemd.Bind(new UnixDomainSocketEndPoint(path));
        await using var installation = await Installation.StartAsync(Token, environment: new Dictionary<string, string> { ["NOTIFY_SOCKET"] = path });
        installation.Agent.Terminate();
        (await installation.Agent.WaitForExitAsync(Token)).ShouldBe(0);
        Read(systemd).ShouldContain(state => state.StartsWith("STOPPING=1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_program_that_becomes_another_one_again_and_again_is_not_taken_for_ended()
    {
        // With several threads, one of which executes: until the others are gone, /proc shows the process as a zombie.
        const string Body = """
              pthread_t threads[16];
              int left = argc > 1 ? atoi(argv[1]) : 1500;
              char next[16];
              if (left == 0) { puts("done"); fflush(stdout); for (;;) pause(); }
              sprintf(next, "%d", left - 1);
              for (int i = 0; i < 16; i++) pthread_create(&threads[i], 0, (void *(*)(void *))sleep, (void *)1000);
              pthread_create(&threads[0], 0, become, (char *[]){ argv[0], next, 0 });
              for (;;) pause();
            """;
        var source = Path.Combine(_folder.Path, "execs.c");
        await File.WriteAllTextAsync(
            source,
            "#include <pthread.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
            + "void *become(void *arguments) { execv(((char **)arguments)[0], arguments); return 0; }\n"
            + "int main(int argc, char **argv) {\n" + Body + "\n}\n",
            Token);
        var program = Path.Combine(_folder.Path, "execs");
        await using (var compiler = ProgramProcess.Start("gcc", ["-w", "-pthread", "-o", program, source], new Dictionary<string, string>()))
        {
            (await compiler.WaitForExitAsync(Token)).ShouldBe(0, compiler.Tail());
        }

        var bin = Directory.CreateDirectory(Path.Combine(_folder.Path, "bin")).FullName;
        var state = Path.Combine(bin, "state.json");
        await File.WriteAllTextAsync(
            state,
            $$"""
            {"Trial":{"FromVersion":"3.0.0","Deadline":"{{TimeProvider.System.GetUtcNow().AddHours(1):O}}",
             "Program":{"Version":"9.9.9","Path":"/x","Sha256":"00","BaseVersion":"3.0.0"} } }
            """,
            Token);
        await using var process = ProgramProcess.Start(program, [], new Dictionary<string, string>());
        await using var guard = AgentProcess.Start(
            new Dictionary<string, string>
            {
                ["DOCKMON_URL"] = "ws://127.0.0.1:1",
                ["DATA_PATH"] = _folder.Path,
                ["LOG_JSON"] = "false",
                ["INVOCATION_ID"] = "tests"
            },
            "guard", $"{process.Id}", "-");
        await process.WaitForLineAsync("done", Token, TimeSpan.FromMinutes(2));
        guard.HasExited.ShouldBeFalse(guard.Tail());

        process.Kill();
        await guard.WaitForLineAsync("Version 9.9.9 ended before it had proven itself", Token);
        (await guard.WaitForExitAsync(Token)).ShouldBe(0);
        (await File.ReadAllTextAsync(state, Token)).ShouldContain("ended before it had proven itself");
    }

    private static List<string> Read(Socket socket)
    {
        var told = new List<string>();
        var buffer = new byte[4096];
        while (socket.Available > 0)
        {
            told.Add(Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer)));
        }

        return told;
    }
}
