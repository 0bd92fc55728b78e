using System.Diagnostics;
using DockMon.Agent.Configuration;
using DockMon.Agent.Interop;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Policies.Reading;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies.Reading;

/// <summary>Which file is the policy, and that one which cannot be used never means that everything is allowed.</summary>
public sealed class PolicyLoaderTests : IDisposable
{
    private const string Hiding = "mode: full\ncontainers: [{ match: { name: secret* }, hide: true }]";
    private static readonly ContainerFacts Secret = new(new string('a', 64), "secret-1", "x", new Dictionary<string, string>());

    private readonly TemporaryFolder _folder = new();

    private string Default => _folder.File("etc/policy.yaml");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_a_file_and_a_mode_there_is_no_policy() => Load().ShouldBe(HostPolicy.Unrestricted);

    [Fact]
    public void A_mode_alone_is_a_policy()
    {
        var policy = Load(mode: PolicyMode.Operate);
        (policy.Origin, policy.Mode, policy.File).ShouldBe(("AGENT_MODE", PolicyMode.Operate, null));
    }

    [Fact]
    public void The_usual_file_counts_when_it_is_there()
    {
        Write("mode: operate");
        var policy = Load();
        (policy.Origin, policy.Mode, policy.File, policy.Problems.Count).ShouldBe((Default, PolicyMode.Operate, Default, 0));
        Load(mode: PolicyMode.Observe).Mode.ShouldBe(PolicyMode.Observe);
    }

    [Fact]
    public void Another_file_may_be_named_and_must_be_there()
    {
        Write("mode: full");
        var other = Write("mode: observe", "other/mine.yaml");
        Load(file: other).Mode.ShouldBe(PolicyMode.Observe);

        ShouldObserveOnly(Load(file: _folder.File("nothing.yaml")), "it is not there, and POLICY_FILE names it");
        ShouldObserveOnly(Load(file: _folder.File("nowhere/nothing.yaml")), "it is not there, and POLICY_FILE names it");
    }

    [Fact]
    public void A_file_that_is_gone_at_a_reload_is_not_the_same_as_none()
    {
        Write("mode: full");
        var before = Load();
        File.Delete(Default);
        var gone = Load(before);
        ShouldObserveOnly(gone, "it is not there any more");
        ShouldObserveOnly(Load(gone), "it is not there any more");
        Write("mode: full");
        Load(gone).Problems.ShouldBeEmpty();
    }

    [Fact]
    public void What_was_hidden_stays_hidden_while_the_file_cannot_be_used()
    {
        Write(Hiding);
        var before = Load();
        Write("mode: full\ncontainers: [{ match: { na");
        var broken = Load(before);
        ShouldObserveOnly(broken, "it is no YAML");
        broken.Judge(OperationActions.Inspect, Secret).Allowed.ShouldBeFalse();
    }

    [Theory]
    [InlineData("mode: full\nunknown: 1", "line 2: unknown key")]
    [InlineData("mode: full\ndeny: [she", "it is no YAML")]
    [InlineData("", "the file says nothing")]
    [InlineData("mode: full\n\0deny: [shell]", "line 2: it has control characters")]
    public void A_file_that_is_half_written_or_wrong_allows_nothing(string text, string problem)
    {
        Write(text);
        ShouldObserveOnly(Load(), problem);
    }

    [Fact]
    public void A_file_that_is_no_text_or_too_large_allows_nothing()
    {
        Write("");
        File.WriteAllBytes(Default, [.. "mode: full #"u8, 0xff, 0xfe]);
        ShouldObserveOnly(Load(), "it is no text in UTF-8: the byte at 12");
        File.WriteAllText(Default, "mode: full\n#" + new string('x', PolicyFile.MaxBytes));
        ShouldObserveOnly(Load(), "it is larger than 256 KiB");
    }

    [Fact]
    public void A_link_allows_nothing_wherever_it_is_and_wherever_it_leads()
    {
        var real = Write("mode: full", "real/policy.yaml");
        Directory.CreateDirectory(_folder.File("etc"));
        File.CreateSymbolicLink(Default, real);
        ShouldObserveOnly(Load(), "symbolic link");
        File.Delete(real);
        ShouldObserveOnly(Load(), "symbolic link");

        Write("mode: full", "real/policy.yaml");
        Directory.CreateSymbolicLink(_folder.File("linked"), _folder.File("real"));
        ShouldObserveOnly(Load(file: _folder.File("linked/policy.yaml")), "symbolic link");
    }

    [Fact]
    public void What_is_no_regular_file_allows_nothing()
    {
        Directory.CreateDirectory(Default);
        ShouldObserveOnly(Load(), "it is not a regular file");
        Directory.Delete(Default);
        using (var made = Process.Start("mkfifo", Default))
        {
            made.WaitForExit();
        }

        ShouldObserveOnly(Load(), "it is not a regular file");
        ShouldObserveOnly(Load(file: "/dev/zero"), "it is not a regular file");
    }

    [Theory]
    [InlineData("etc/policy.yaml", UnixFileMode.GroupWrite)]
    [InlineData("etc/policy.yaml", UnixFileMode.OtherWrite)]
    [InlineData("etc", UnixFileMode.GroupWrite)]
    [InlineData("etc", UnixFileMode.OtherWrite | UnixFileMode.StickyBit)]
    [InlineData("", UnixFileMode.OtherWrite)]
    public void What_others_can_write_allows_nothing(string path, UnixFileMode writable)
    {
        Write("mode: full");
        path = _folder.File(path);
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | writable);
        ShouldObserveOnly(Load(), $"others than its owner can write to {path.TrimEnd('/')}");
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) & ~writable);
        Load().Problems.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("etc/policy.yaml")]
    [InlineData("etc")]
    public void What_belongs_to_another_user_allows_nothing(string path)
    {
        Assert.SkipWhen(Environment.UserName != "root", "Only root can give a file away.");
        Write("mode: full");
        Native.TryGive(_folder.File(path), 1234).ShouldBeTrue();
        ShouldObserveOnly(Load(), $"{_folder.File(path)} belongs to user 1234");
    }

    private static void ShouldObserveOnly(HostPolicy policy, string problem)
    {
        policy.Problems.ShouldContain(text => text.Contains(problem, StringComparison.Ordinal), $"{problem} is not in {string.Join('\n', policy.Problems)}");
        foreach (var action in HostActions.Groups.Keys)
        {
            policy.Judge(action, null).Allowed.ShouldBe(HostActions.IsObserving(action), action);
        }

        policy.Enforce.ShouldBeTrue();
    }

    private HostPolicy Load(HostPolicy? before = null, string? file = null, PolicyMode? mode = null) => new PolicyLoader(
        new AgentOptions { ServerUrl = new Uri("wss://host"), PolicyFile = file, Mode = mode },
        Default).Load(before);

    private string Write(string text, string name = "etc/policy.yaml") => _folder.Write(name, text);
}
