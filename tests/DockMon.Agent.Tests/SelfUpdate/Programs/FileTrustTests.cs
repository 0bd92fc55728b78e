using DockMon.Agent.Interop;
using DockMon.Agent.SelfUpdate;
using DockMon.Agent.SelfUpdate.Programs;
using DockMon.Agent.Storage;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.SelfUpdate.Programs;

/// <summary>Which programs out of the data folder are executed, and which only lie there.</summary>
public sealed class FileTrustTests : IDisposable
{
    private readonly TemporaryFolder _data = new();
    private readonly SelfUpdateStore _store;
    private readonly InstalledProgram _program;

    public FileTrustTests()
    {
        _store = new SelfUpdateStore(_data.Path);
        PrivateFolder.Make(Path.GetDirectoryName(_store.IncomingPath)!);
        File.WriteAllText(_store.IncomingPath, "program");
        _program = _store.Install("3.1.0", new FetchedProgram(OtherAgent.Sha256(_store.IncomingPath), Signature: null), "3.0.0");
        _store.Save(new SelfUpdateState { Confirmed = _program });
    }

    private string State => _data.File("bin/state.json");

    public void Dispose() => _data.Dispose();

    [Fact]
    public void What_was_checked_and_installed_is_executed()
    {
        _store.WhyNotTrusted().ShouldBeNull();
        _store.FindRefusal(_program).ShouldBeNull();
        _store.Read().Confirmed.ShouldBe(_program);
    }

    [Fact]
    public void What_was_changed_since_is_not()
    {
        File.AppendAllText(_program.Path, "!");
        _store.FindRefusal(_program).ShouldNotBeNull().ShouldContain("is not what it was when it was checked");
    }

    [Theory]
    [InlineData("/bin/sh")]
    [InlineData("../../bin/sh")]
    [InlineData("")]
    public void A_program_anywhere_else_is_not(string path) =>
        _store.FindRefusal(_program with { Path = path }).ShouldNotBeNull().ShouldContain("not where the agent puts its programs");

    [Theory]
    [InlineData("../3.1.0")]
    [InlineData("3.1.0/x")]
    public void A_version_leads_nowhere_else(string version) =>
        _store.FindRefusal(_program with { Version = version, Path = _data.File($"bin/{version}-{_program.Sha256[..8]}/dockmon-agent") }).ShouldNotBeNull();

    [Theory]
    [InlineData("/../../x")]
    [InlineData("")]
    [InlineData("abcdef01")]
    [InlineData("ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789")]
    [InlineData("/../../3456789abcdef0123456789abcdef0123456789abcdef0123456789abcd")]
    public void A_checksum_leads_nowhere_else(string sum)
    {
        var name = sum.Length > 8 ? sum[..8] : sum;
        _store.FindRefusal(_program with { Sha256 = sum, Path = _data.File($"bin/3.1.0-{name}/dockmon-agent") })
            .ShouldNotBeNull().ShouldContain("not where the agent puts its programs");
    }

    [Fact]
    public void A_link_in_place_of_the_folder_of_all_programs_is_not()
    {
        Directory.Move(_data.File("bin"), _data.File("elsewhere"));
        Directory.CreateSymbolicLink(_data.File("bin"), _data.File("elsewhere"));
        _store.FindRefusal(_program).ShouldBe($"{_data.File("bin")} is no directory");
        _store.Read().ShouldBe(new SelfUpdateState());
    }

    [Fact]
    public void A_state_that_names_a_program_elsewhere_brings_back_the_one_that_was_started()
    {
        // Whoever can write into the folder could name what the engine or another container wrote elsewhere.
        var outside = _data.Write("stacks/web/dockmon-agent", "program");
        var state = new SelfUpdateState { Confirmed = _program with { Path = outside } };
        _store.Save(state);
        var refusals = new List<string?>();
        bool IsTrusted(InstalledProgram program)
        {
            refusals.Add(_store.FindRefusal(program));
            return refusals[^1] is null;
        }

        Launcher.Decide(_store.Read(), "3.0.0", boot: null, IsTrusted).ShouldBe((new SelfUpdateState(), (InstalledProgram?)null));
        refusals.ShouldHaveSingleItem().ShouldBe($"{outside} is not where the agent puts its programs");
    }

    [Fact]
    public void A_link_in_its_place_is_not()
    {
        File.Move(_program.Path, _data.File("elsewhere"));
        File.CreateSymbolicLink(_program.Path, _data.File("elsewhere"));
        _store.FindRefusal(_program).ShouldNotBeNull().ShouldContain("is no regular file");
    }

    [Fact]
    public void A_link_in_place_of_its_folder_is_not()
    {
        Directory.Move(Path.GetDirectoryName(_program.Path)!, _data.File("elsewhere"));
        Directory.CreateSymbolicLink(Path.GetDirectoryName(_program.Path)!, _data.File("elsewhere"));
        _store.FindRefusal(_program).ShouldNotBeNull().ShouldContain("is no directory");
    }

    [Theory]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void What_others_can_write_decides_nothing(UnixFileMode writable)
    {
        var file = File.GetUnixFileMode(_program.Path);
        File.SetUnixFileMode(_program.Path, file | writable);
        _store.FindRefusal(_program).ShouldNotBeNull().ShouldContain("others than its owner may write");
        File.SetUnixFileMode(_program.Path, file);

        File.SetUnixFileMode(State, File.GetUnixFileMode(State) | writable);
        _store.WhyNotTrusted().ShouldNotBeNull().ShouldContain(State);
        _store.Read().Confirmed.ShouldBeNull();
        _store.Save(new SelfUpdateState { Confirmed = _program });
        _store.Read().Confirmed.ShouldBe(_program, "what the agent writes anew is its own again");

        File.SetUnixFileMode(_data.File("bin"), File.GetUnixFileMode(_data.File("bin")) | writable);
        _store.WhyNotTrusted().ShouldNotBeNull().ShouldContain(_data.File("bin"));
        _store.Read().Confirmed.ShouldBeNull();
    }

    [Fact]
    public void What_belongs_to_another_user_decides_nothing()
    {
        Assert.SkipWhen(Environment.UserName != "root", "Only root can give a file away.");
        Native.TryGive(State, 1000).ShouldBeTrue();
        _store.WhyNotTrusted().ShouldNotBeNull().ShouldContain("belongs to user 1000");
        Native.TryGive(_program.Path, 1000).ShouldBeTrue();
        _store.FindRefusal(_program).ShouldNotBeNull().ShouldContain("belongs to user 1000");
    }

    [Theory]
    [InlineData("""{"Confirmed":{"Version":null,"Path":"/x","Sha256":"00","BaseVersion":"3.0.0"} }""")]
    [InlineData("""{"Confirmed":{"Version":"1"} }""")]
    [InlineData("[]")]
    public void A_state_with_holes_in_it_is_none(string content)
    {
        File.WriteAllText(State, content);
        _store.Read().ShouldBe(new SelfUpdateState());
    }
}
