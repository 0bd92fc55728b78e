using System.Text.Json.Nodes;
using DockMon.Agent.Audit;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Audit;

public sealed class AuditedDangersTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData("""{"Privileged":false,"NetworkMode":"bridge","PidMode":"","IpcMode":"private","CapAdd":null,"SecurityOpt":["no-new-privileges"]}""")]
    [InlineData("""{"Binds":["data:/data"],"Mounts":[{"Type":"volume","Source":"data"},{"Type":"tmpfs"}],"Devices":[],"CapDrop":["ALL"]}""")]
    [InlineData("""{"CgroupnsMode":"host","NewSettingOfLaterEngines":"x"}""")]
    public void What_stays_in_its_container_is_none(string host) => Of(host).ShouldBeEmpty();

    [Theory]
    [InlineData("""{"Privileged":true}""", "privileged")]
    [InlineData("""{"NetworkMode":"host","PidMode":"host"}""", "host network namespace", "host process namespace")]
    [InlineData("""{"CapAdd":["SYS_ADMIN"]}""", "capability SYS_ADMIN")]
    [InlineData("""{"Binds":["/srv/a:/a:ro","/srv/a:/b","/var/run/docker.sock:/s"]}""", "host path /srv/a", "host path /var/run/docker.sock")]
    [InlineData("""{"Devices":[{"PathOnHost":"/dev/sda"}],"VolumesFrom":["other:ro"]}""", "device /dev/sda", "volumes of other")]
    public void What_reaches_out_of_a_container_is_told(string host, params string[] dangers) => Of(host).ShouldBe(dangers);

    [Fact]
    public void Without_settings_there_are_none() => AuditedDangers.Of(new JsonObject()).ShouldBeEmpty();

    private static IReadOnlyList<string> Of(string host) => AuditedDangers.Of(new JsonObject { ["HostConfig"] = JsonNode.Parse(host) });
}
