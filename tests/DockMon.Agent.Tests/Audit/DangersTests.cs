using System.Text.Json.Nodes;
using DockMon.Agent.Audit;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Audit;

public sealed class DangersTests
{
    [Theory]
    [InlineData("{}")]
    [InlineData("""{"Privileged":false,"NetworkMode":"bridge","PidMode":"","IpcMode":"private","CapAdd":null,"SecurityOpt":["no-new-privileges"]}""")]
    [InlineData("""{"Binds":["data:/data"],"Mounts":[{"Type":"volume","Source":"data"},{"Type":"tmpfs"}],"Devices":[],"CapDrop":["ALL"]}""")]
    [InlineData("""{"Privileged":"true","Binds":"/","Mounts":[7],"CapAdd":[7],"Devices":{"PathOnHost":"/dev/sda"}}""")]
    public void What_stays_in_its_container_is_none(string host) => Of(host).ShouldBeEmpty();

    [Theory]
    [InlineData("""{"Privileged":true}""", "privileged")]
    [InlineData("""{"NetworkMode":"host","PidMode":"host"}""", "host network", "host processes")]
    [InlineData("""{"IpcMode":"host","UTSMode":"host","UsernsMode":"host"}""", "host ipc", "host name", "host users")]
    [InlineData("""{"CapAdd":["SYS_ADMIN","CAP_NET_RAW"]}""", "capability SYS_ADMIN", "capability NET_RAW")]
    [InlineData("""{"SecurityOpt":["seccomp=unconfined","label=disable"]}""", "seccomp=unconfined", "label=disable")]
    [InlineData("""{"Binds":["/srv/a:/a:ro","/srv/a:/b","/var/run/docker.sock:/s"]}""", "host path /srv/a", "host path /var/run/docker.sock")]
    [InlineData("""{"Mounts":[{"Type":"bind","Source":"/etc"}]}""", "host path /etc")]
    [InlineData("""{"Mounts":[{"Type":"volume","VolumeOptions":{"DriverConfig":{"Options":{"device":"/root","o":"bind"}}}}]}""", "host path /root")]
    [InlineData("""{"Devices":[{"PathOnHost":"/dev/sda"}],"DeviceCgroupRules":["c 1:3 rwm"]}""", "device /dev/sda", "device rule c 1:3 rwm")]
    [InlineData("""{"VolumesFrom":["other:ro"]}""", "volumes of other:ro")]
    public void What_reaches_out_of_a_container_is_told(string host, params string[] dangers) => Of(host).ShouldBe(dangers);

    [Fact]
    public void Without_settings_there_are_none() => Dangers.Of(null).ShouldBeEmpty();

    private static IReadOnlyList<string> Of(string host) => Dangers.Of((JsonObject)JsonNode.Parse(host)!);
}
