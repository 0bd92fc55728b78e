using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Cli.Tests;

public sealed class SettingsTests : IDisposable
{
    private readonly TemporaryFolder _home = new();
    private readonly Dictionary<string, string> _variables = [];

    public SettingsTests() => _variables["HOME"] = _home.Path;

    [Fact]
    public void What_was_stored_comes_back_and_nobody_else_may_read_it()
    {
        var path = Settings.FilePath(_variables.GetValueOrDefault);
        path.ShouldBe(Path.Combine(_home.Path, ".config/dockmon/config.json"));
        new Settings { Hub = "http://hub", Token = "t", Pin = "sha256/x" }.Save(path);
        File.GetUnixFileMode(path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Load().ShouldBe(new Settings { Hub = "http://hub", Token = "t", Pin = "sha256/x" });
    }

    [Fact]
    public void Options_win_over_variables_and_variables_over_the_file()
    {
        new Settings { Hub = "http://file", Token = "of the file" }.Save(Settings.FilePath(_variables.GetValueOrDefault));
        _variables["DOCKMON_HUB"] = "http://variable/";
        _variables["DOCKMON_TOKEN"] = "of the variable";
        Load().Hub.ShouldBe("http://variable");
        Load("--hub", "http://option").Hub.ShouldBe("http://option");
        Load().Token.ShouldBe("of the variable");
    }

    [Fact]
    public void A_stored_token_goes_to_its_own_hub_only()
    {
        new Settings { Hub = "http://file", Token = "secret", CaFile = "ca" }.Save(Settings.FilePath(_variables.GetValueOrDefault));
        Load("--hub", "http://file/").Token.ShouldBe("secret");
        Load("--hub", "http://other").ShouldBe(new Settings { Hub = "http://other" });
    }

    [Fact]
    public void A_file_that_cannot_be_read_says_what_to_do()
    {
        var path = Settings.FilePath(_variables.GetValueOrDefault);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "{");
        Should.Throw<CliException>(() => Load()).Message.ShouldContain("dockmon login");
    }

    public void Dispose() => _home.Dispose();

    private Settings Load(params string[] args) => Settings.Load(new Arguments(args), _variables.GetValueOrDefault);
}
