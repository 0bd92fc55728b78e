using DockMon.Agent.Policies.Create;
using DockMon.Agent.Policies.Create.Paths;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies.Create.Paths;

public sealed class HostPathRulesTests
{
    private static readonly HostFacts Facts = new()
    {
        Protected = [PathPattern.Of("/var/run/docker.sock"), PathPattern.Of("/dev"), PathPattern.Of("/data"), PathPattern.Parse("/run/user/*/docker.sock")!],
        Project = new ProjectAccess("/data/stacks/shop"),
    };

    [Theory]
    [InlineData("/srv", "/srv", null)]
    [InlineData("/srv/**", "/srv", null)]
    [InlineData("/srv/**", "/srv/web/data", null)]
    [InlineData("/srv/**", "/srv/../etc", "allow")]
    [InlineData("/srv/**", "//srv//web", null)]
    [InlineData("/srv/**", "/srvx", "allow")]
    [InlineData("/srv/**", "/", "allow")]
    [InlineData("/srv/*/data", "/srv/web/data/x", null)]
    [InlineData("/srv/*/data", "/srv/web", "allow")]
    [InlineData("/srv/**/data", "/srv/a/b/data", null)]
    [InlineData("/**", "/etc", null)]
    [InlineData("/**", "/run/docker.sock", "protected")]
    [InlineData("/**", "/var/run/docker.sock", "protected")]
    [InlineData("/**", "/var/run", "protected")]
    [InlineData("/**", "/run/user/1000", "protected")]
    [InlineData("/**", "/dev/sda", "protected")]
    [InlineData("/**", "/data", "protected")]
    [InlineData("/**", "/data/stacks/other", "protected")]
    [InlineData("/run/docker.sock", "/var/run/docker.sock", null)]
    [InlineData("/var/run/docker.sock", "/run/docker.sock", null)]
    [InlineData("/dev/dri", "/dev/dri/card0", null)]
    [InlineData("/dev/dri", "/dev", "allow")]
    [InlineData("/srv", "/data/stacks/shop", null)]
    [InlineData("/srv", "/data/stacks/shop/html", null)]
    [InlineData("/srv", "/data/stacks/shop/html/deep", null)]
    [InlineData("/srv", "/data/stacks/shop/../other", "allow")]
    public void What_is_not_allowed_is_refused(string allow, string path, string? rule) =>
        Refusal(new HostPathRules { Allow = [PathPattern.Parse(allow)!] }, path, Facts).ShouldBe(rule);

    [Theory]
    [InlineData("/srv/secret", "/srv/secret", "deny")]
    [InlineData("/srv/secret", "/srv/secret/key", "deny")]
    [InlineData("/srv/secret", "/srv", "deny")]
    [InlineData("/srv/secret", "/", "deny")]
    [InlineData("/srv/secret", "/srv/public", null)]
    [InlineData("/home/*/.ssh", "/home", "deny")]
    [InlineData("/home/*/.ssh", "/home/me/.ssh/id", "deny")]
    [InlineData("/home/*/.ssh", "/home/me/public", null)]
    [InlineData("/home/**/.ssh", "/home/me/public", "deny")]
    [InlineData("/srv/secret", "/data/stacks/shop", null)]
    [InlineData("/data/stacks/shop/keys", "/data/stacks/shop", "deny")]
    [InlineData("/srv/secret", "/dev", "protected")]
    public void What_is_denied_is_refused_and_so_is_what_has_it_inside(string deny, string path, string? rule) =>
        Refusal(new HostPathRules { Deny = [PathPattern.Parse(deny)!] }, path, Facts).ShouldBe(rule);

    [Fact]
    public void A_refusal_says_what_is_inside()
    {
        var rules = new HostPathRules { Deny = [PathPattern.Parse("/var/run/docker.sock")!] };
        rules.FindRefusal("/var", HostFacts.None).ShouldBeNull(); // /var/run is a link out of it.
        rules.FindRefusal("/var/run", HostFacts.None)!.Value.ShouldBe(("create.host_paths.deny", ", which may have /var/run/docker.sock in it"));
        rules.FindRefusal("/run/docker.sock", HostFacts.None)!.Value.ShouldBe(("create.host_paths.deny", ""));
    }

    [Fact]
    public void Links_are_followed_where_the_agent_sees_them()
    {
        using var host = new TemporaryFolder();
        host.Write("etc/shadow", "");
        host.Write("srv/web/index.html", "");
        Directory.CreateSymbolicLink(host.File("srv/web/out"), "/etc");
        Directory.CreateSymbolicLink(host.File("srv/web/up"), "../../etc/./x/../shadow");
        Directory.CreateSymbolicLink(host.File("srv/web/in"), "/srv/web");
        Directory.CreateSymbolicLink(host.File("mnt"), "srv");
        Directory.CreateSymbolicLink(host.File("loop"), "loop");
        var links = new HostLinks(path => host.Path + path);
        links.Resolve("/srv/web/out/ssh/key").ShouldBe("/etc/ssh/key");
        links.Resolve("/srv/web/up").ShouldBe("/etc/shadow");
        links.Resolve("/srv/web/in/in/in").ShouldBe("/srv/web");
        links.Resolve("/nowhere/at/all").ShouldBe("/nowhere/at/all");
        links.Resolve("/").ShouldBe("/");
        links.Resolve("/loop/x").ShouldBeNull();
        new HostLinks(_ => null).Resolve("/srv/web/out").ShouldBe("/srv/web/out");

        var facts = new HostFacts { Resolve = links.Resolve, Project = new ProjectAccess("/srv/web") };
        var rules = new HostPathRules { Allow = [PathPattern.Parse("/mnt/web")!], Deny = [PathPattern.Parse("/mnt/secret")!] };
        rules.FindRefusal("/srv/web", facts).ShouldBeNull();
        rules.FindRefusal("/mnt/web/in", facts).ShouldBeNull();
        rules.FindRefusal("/mnt/web/out", facts)!.Value.ShouldBe(("create.host_paths.allow", ", which leads to /etc"));
        rules.FindRefusal("/srv/web/out", facts)!.Value.Rule.ShouldBe("create.host_paths.allow");
        rules.FindRefusal("/srv/secret/x", facts)!.Value.Rule.ShouldBe("create.host_paths.deny");
        rules.FindRefusal("/loop", facts)!.Value.ShouldBe(("create.host_paths", ", and the agent may not see where that leads"));
    }

    private static string? Refusal(HostPathRules rules, string path, HostFacts facts) => rules.FindRefusal(HostPaths.Clean(path), facts)?.Rule switch
    {
        "create.host_paths: protected by default" => "protected",
        var rule => rule?.Split('.')[^1],
    };
}
