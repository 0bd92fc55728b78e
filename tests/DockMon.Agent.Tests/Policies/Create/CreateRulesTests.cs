using System.Text.Json.Nodes;
using DockMon.Agent.Policies.Create;
using DockMon.Agent.Policies.Create.Paths;
using DockMon.Agent.Policies.Create.Settings;
using DockMon.Agent.Policies.Reading;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies.Create;

public sealed class CreateRulesTests
{
    [Theory]
    [InlineData("privileged: false", """{"Privileged":true}""", "is privileged (create.privileged)")]
    [InlineData("privileged: true", """{"Privileged":true}""", null)]
    [InlineData("images: true", """{"Privileged":true}""", null)]
    [InlineData("host_namespaces: false", """{"NetworkMode":"host"}""", "shares the host's network namespace (create.host_namespaces)")]
    [InlineData("host_namespaces: true", """{"PidMode":"host"}""", null)]
    [InlineData("host_paths: false", """{"Binds":["/srv:/x"]}""", "mounts /srv (create.host_paths.allow)")]
    [InlineData("host_paths: true", """{"Binds":["/srv:/x"]}""", null)]
    [InlineData(
        "host_paths: { deny: [/var/run/docker.sock] }",
        """{"Binds":["/var/run/docker.sock:/s:ro"]}""",
        "mounts /var/run/docker.sock (create.host_paths.deny)")]
    [InlineData("capabilities: false", """{"CapAdd":["NET_ADMIN"]}""", "has the capability NET_ADMIN (create.capabilities.allow)")]
    [InlineData("capabilities: false", """{"CapAdd":["CHOWN"],"CapDrop":["ALL"]}""", null)]
    [InlineData("capabilities: { deny: [ALL] }", """{"CapAdd":["NET_ADMIN"]}""", "has the capability NET_ADMIN (create.capabilities.allow)")]
    [InlineData("capabilities: { allow: [CAP_NET_ADMIN] }", """{"CapAdd":["net_admin"]}""", null)]
    [InlineData("capabilities: { allow: [NET_ADMIN] }", """{"CapAdd":["ALL"]}""", "has every capability (create.capabilities.allow)")]
    [InlineData("capabilities: { allow: [ALL] }", """{"CapAdd":["ALL"]}""", null)]
    [InlineData("capabilities: { deny: [sys_admin] }", """{"CapAdd":["CAP_SYS_ADMIN"]}""", "has the capability SYS_ADMIN (create.capabilities.deny)")]
    [InlineData("capabilities: { deny: [SYS_ADMIN] }", """{"CapAdd":["ALL"]}""", "has the capability SYS_ADMIN (create.capabilities.deny)")]
    [InlineData("capabilities: { deny: [SYS_ADMIN] }", """{"CapAdd":["ALL"],"CapDrop":["SYS_ADMIN"]}""", null)]
    [InlineData(
        "capabilities: { deny: [NET_RAW] }",
        "{}",
        "has the capability NET_RAW, which every container has that does not drop it (create.capabilities.deny)")]
    [InlineData("capabilities: { deny: [NET_RAW] }", """{"CapDrop":["CAP_NET_RAW"]}""", null)]
    [InlineData("devices: false", """{"Devices":[{"PathOnHost":"/dev/sda"}]}""", "has the device /dev/sda (create.devices)")]
    [InlineData("devices: { allow: [/dev/dri/*] }", """{"Devices":[{"PathOnHost":"/dev/dri/card0"}]}""", null)]
    [InlineData("devices: { allow: [/dev/dri/*] }", """{"Devices":[{"PathOnHost":"/dev/dri/../sda"}]}""", "has the device /dev/sda (create.devices)")]
    [InlineData("devices: { allow: [/dev/dri/*] }", """{"DeviceRequests":[{"Count":-1}]}""", "has the device gpu (create.devices)")]
    [InlineData("devices: { allow: [gpu] }", """{"DeviceRequests":[{"Count":-1}]}""", null)]
    [InlineData("security_options: false", """{"SecurityOpt":["apparmor=unconfined"]}""", "has apparmor=unconfined (create.security_options)")]
    [InlineData("security_options: { allow: [label=*] }", """{"SecurityOpt":["label=disable"]}""", null)]
    [InlineData("security_options: false", """{"Runtime":"other"}""", "has runtime=other (create.security_options)")]
    [InlineData("security_options: false", """{"Runtime":"usual"}""", null)]
    [InlineData("privileged: false", """{"Later":1}""", "has the setting Later, which this version of the agent does not know (create)")]
    [InlineData("host_paths: false", """{"Privileged":true}""", "is privileged (create.privileged)")]
    [InlineData("host_namespaces: false", """{"Privileged":true}""", null)]
    [InlineData("privileged: true\n  devices: false", """{"Privileged":true}""", null)]
    public void Effective_settings_are_judged(string rule, string host, string? refusal)
    {
        var decision = Rules(rule).Judge([Container("container web", host)], new HostFacts { DefaultRuntime = "usual" });
        decision.Allowed.ShouldBe(refusal is null, decision.Error);
        if (refusal is not null)
        {
            decision.Error.ShouldBe($"refused by this host's policy: container web {refusal}");
        }
    }

    [Fact]
    public void An_empty_set_of_rules_restricts_nothing()
    {
        Rules("{}").IsEmpty.ShouldBeTrue();
        Rules("{}").Judge([Container("x", """{"Privileged":true,"Later":1,"Binds":["/:/x"]}""")], HostFacts.None).Allowed.ShouldBeTrue();
    }

    [Fact]
    public void Everything_that_is_refused_is_told_at_once()
    {
        var rules = Rules("privileged: false\n  host_paths: false\n  images: { allow: [ghcr.io/acme/**] }");
        var decision = rules.Judge(
            [Container("service web", """{"Privileged":true,"Binds":["/etc:/x"]}"""), Container("service db", """{"Binds":["/etc:/x"]}""")],
            HostFacts.None);
        decision.Error.ShouldBe("refused by this host's policy: service web is privileged; service web mounts /etc; service web has the image "
            + "docker.io/library/app:1; service db mounts /etc; service db has the image docker.io/library/app:1 "
            + "(create.privileged, create.host_paths.allow, create.images.allow)");
        rules.Judge([.. Enumerable.Range(0, 30).Select(i => Container($"service s{i}", """{"Privileged":true}"""))], HostFacts.None)
            .Reason.ShouldEndWith("service s9 has the image docker.io/library/app:1; and 40 more");
    }

    [Fact]
    public void Control_groups_of_version_1_are_shared_with_every_container()
    {
        var settings = Container("x", """{"CgroupnsMode":"host"}""");
        Rules("host_namespaces: false").Judge([settings], new HostFacts { HasCgroup1 = true }).Allowed.ShouldBeTrue();
        Rules("host_namespaces: false").Judge([settings], HostFacts.None).Allowed.ShouldBeFalse();
    }

    [Fact]
    public void An_image_that_is_built_is_none_that_is_allowed()
    {
        var settings = Container("x", "{}") with { Dangers = [new Danger(DangerKind.Build)] };
        Rules("images: { allow: ['**'] }").Judge([settings], HostFacts.None).Reason.ShouldBe("x is built on the host");
        Rules("privileged: false").Judge([settings], HostFacts.None).Allowed.ShouldBeTrue();
    }

    [Theory]
    [InlineData("allow: [ghcr.io/acme/**]", "ghcr.io/acme/app", null)]
    [InlineData("allow: [ghcr.io/acme/**]", "ghcr.io/acme/team/app:2", null)]
    [InlineData("allow: [ghcr.io/acme/**]", "GHCR.io/acme/app@sha256:0123", null)]
    [InlineData("allow: [ghcr.io/acme/**]", "ghcr.io/acmeevil/app", "allow")]
    [InlineData("allow: [ghcr.io/acme/**]", "evil.com/ghcr.io/acme/app", "allow")]
    [InlineData("allow: [ghcr.io/acme/*]", "ghcr.io/acme/team/app", "allow")]
    [InlineData("allow: [nginx]", "nginx", null)]
    [InlineData("allow: [nginx]", "docker.io/library/nginx:1.27", null)]
    [InlineData("allow: [nginx]", "index.docker.io/nginx", null)]
    [InlineData("allow: [nginx]", "evil/nginx", "allow")]
    [InlineData("allow: [nginx]", "quay.io/library/nginx", "allow")]
    [InlineData("allow: ['acme/*']", "acme/app:1", null)]
    [InlineData("allow: ['postgres:17*']", "postgres:17.2", null)]
    [InlineData("allow: ['postgres:17*']", "postgres", "allow")]
    [InlineData("allow: ['postgres:17*']", "postgres:17.2@sha256:0123", "allow")]
    [InlineData("allow: ['postgres@sha256:0123']", "postgres:9@sha256:0123", null)]
    [InlineData("allow: ['localhost:5000/**']", "localhost:5000/app", null)]
    [InlineData("allow: ['localhost:5000/**']", "localhost:5001/app", "allow")]
    [InlineData("allow: ['**']", "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "id")]
    [InlineData("allow: ['**']", "0123456789ab", "id")]
    [InlineData("allow: ['**']", "cafe", "id")]
    [InlineData("allow: ['**']", "cafe:1", null)]
    [InlineData("allow: ['**']", "", "id")]
    [InlineData("allow: ['*']", "ghcr.io/a/b:1", null)]
    [InlineData("deny: [evil/**]", "evil/app", "deny")]
    [InlineData("deny: [evil/**]", "docker.io/evil/app:1", "deny")]
    [InlineData("deny: [evil/**]", "nginx", null)]
    [InlineData("{ allow: ['**'], deny: ['**:latest'] }", "ghcr.io/a/b", "deny")]
    public void Images_are_judged_by_their_whole_names(string rule, string image, string? refusedBy)
    {
        var decision = Rules($"images: {(rule[0] == '{' ? rule : $"{{ {rule} }}")}").JudgeImage(image, "pull_image");
        (decision.Allowed ? null : decision.Reason.Contains("an id", StringComparison.Ordinal) ? "id" : decision.Rule.Split('.')[^1]).ShouldBe(refusedBy);
    }

    [Theory]
    [InlineData("{ privilege: false }", "unknown key \"privilege\" (did you mean privileged?)")]
    [InlineData("{ privileged: no }", "create.privileged: write true or false")]
    [InlineData("{ host_paths: [/srv] }", "create.host_paths: write true or false")]
    [InlineData("{ host_paths: { allow: [srv] } }", "create.host_paths.allow[0]: it must be an absolute path")]
    [InlineData("{ host_paths: { allow: [/srv/../etc] } }", "create.host_paths.allow[0]: it must be an absolute path")]
    [InlineData("{ host_paths: { allow: ['/a/**/b/**/c/**/d'] } }", "at most twice")]
    [InlineData("{ host_paths: {} }", "create.host_paths: it says nothing")]
    [InlineData("{ capabilities: { deny: [SYS_ADMN] } }", "unknown capability \"SYS_ADMN\"")]
    [InlineData("{ devices: { deny: [/dev/sda] } }", "unknown key \"deny\"")]
    [InlineData("{ images: { allow: ['a:'] } }", "create.images.allow[0]: it must be an image")]
    [InlineData("[]", "a list stands where keys are needed")]
    public void What_is_not_understood_is_an_error(string create, string expected)
    {
        var (policy, errors) = PolicyReader.Read($"mode: full\ncreate: {create}", "test");
        policy.ShouldBeNull();
        string.Join('\n', errors).ShouldContain(expected);
    }

    private static CreateRules Rules(string text)
    {
        var (policy, errors) = PolicyReader.Read($"mode: full\ncreate:\n  {text}\n", "test");
        errors.ShouldBeEmpty();
        return policy!.Create;
    }

    private static EffectiveSettings Container(string subject, string host) =>
        EngineSettings.Read(new JsonObject { ["Image"] = "app:1", ["HostConfig"] = JsonNode.Parse(host) }, subject);
}
