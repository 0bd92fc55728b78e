using System.Diagnostics;
using DockMon.Testing;
using Shouldly;
using Xunit;
using static DockMon.Agent.Tests.Configuration.AgentOptionsTests;

namespace DockMon.Agent.Tests.Configuration;

public sealed class TokenFileTests : IDisposable
{
    private readonly TemporaryFolder _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_token_is_read_from_a_file_without_its_line_end()
    {
        var path = _directory.Write("token", "  abc-123\r\n");

        Load(("DOCKMON_URL", "ws://h"), ("REGISTRATION_TOKEN_FILE", path)).RegistrationToken.ShouldBe("abc-123");
        Load(("DOCKMON_URL", "ws://h"), ("PERMANENT_TOKEN_FILE", path)).PermanentToken.ShouldBe("abc-123");
    }

    [Fact]
    public void A_token_and_a_file_are_one_too_many() =>
        Error(("DOCKMON_URL", "ws://h"), ("REGISTRATION_TOKEN", "a"), ("REGISTRATION_TOKEN_FILE", "/b"))
            .ShouldBe("REGISTRATION_TOKEN and REGISTRATION_TOKEN_FILE are both set: set only one of them");

    [Fact]
    public void A_file_that_is_missing_or_a_directory_is_named()
    {
        var missing = _directory.File("missing");

        Error(("DOCKMON_URL", "ws://h"), ("PERMANENT_TOKEN_FILE", missing)).ShouldContain($"\"{missing}\", which cannot be read (no such file)");
        Error(("DOCKMON_URL", "ws://h"), ("PERMANENT_TOKEN_FILE", _directory.Path)).ShouldContain("cannot be read");
    }

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("two\nl1nes", "only letters")]
    public void A_file_with_something_else_is_refused_without_showing_it(string content, string reason)
    {
        var message = Error(("DOCKMON_URL", "ws://h"), ("REGISTRATION_TOKEN_FILE", _directory.Write("token", content)));

        message.ShouldContain(reason);
        message.ShouldNotContain("l1nes");
    }

    [Fact]
    public void A_large_file_is_not_read_to_its_end() =>
        Error(("DOCKMON_URL", "ws://h"), ("REGISTRATION_TOKEN_FILE", _directory.Write("large", new string('a', 100_000)))).ShouldContain("more than 255");

    [Fact]
    public async Task A_pipe_or_a_device_is_refused_and_not_waited_for()
    {
        var pipe = _directory.File("pipe");
        using var mkfifo = Process.Start("mkfifo", pipe);
        await mkfifo.WaitForExitAsync(TestContext.Current.CancellationToken);
        foreach (var path in (string[])[pipe, "/dev/zero"])
        {
            var reading = Task.Run(() => Error(("DOCKMON_URL", "ws://h"), ("PERMANENT_TOKEN_FILE", path)), TestContext.Current.CancellationToken);
            (await reading.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken))
                .ShouldContain($"PERMANENT_TOKEN_FILE is \"{path}\", which cannot be read (it is no regular file)");
        }
    }
}
