using System.Text.Json.Nodes;
using DockMon.Agent.Policies.Create;
using DockMon.Agent.Policies.Create.Paths;
using DockMon.Agent.Policies.Create.Settings;
using DockMon.Agent.Update.Planning;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies.Create.Settings;

public sealed class EngineSettingsTests
{
    [Theory]
    [InlineData("""{"Privileged":true}""", "privileged")]
    [InlineData("""{"privileged":true}""", "privileged")]
    [InlineData("""{"Privileged":false}""", "")]
    [InlineData("""{"NetworkMode":"host"}""", "host network namespace")]
    [InlineData("""{"NetworkMode":"ns:/proc/1/ns/net"}""", "host network namespace")]
    [InlineData("""{"NetworkMode":"bridge"}""", "")]
    [InlineData("""{"NetworkMode":"none"}""", "")]
    [InlineData("""{"NetworkMode":"pasta:--map-gw"}""", "")]
    [InlineData("""{"PidMode":"host"}""", "host process namespace")]
    [InlineData("""{"IpcMode":"host"}""", "host IPC namespace")]
    [InlineData("""{"IpcMode":"private"}""", "")]
    [InlineData("""{"IpcMode":"shareable"}""", "")]
    [InlineData("""{"UTSMode":"host"}""", "host UTS namespace")]
    [InlineData("""{"UsernsMode":"host"}""", "host user namespace")]
    [InlineData("""{"UsernsMode":"keep-id"}""", "")]
    [InlineData("""{"CgroupnsMode":"host"}""", "host cgroup namespace")]
    [InlineData("""{"CgroupnsMode":"private"}""", "")]
    [InlineData("""{"PidMode":"other"}""", "unknown setting process namespace other")]
    [InlineData("""{"Binds":["/etc:/x"]}""", "host path /etc")]
    [InlineData("""{"Binds":["/srv/../etc//ssh/:/x:ro,rslave"]}""", "host path /etc/ssh")]
    [InlineData("""{"Binds":["data:/x","/only/inside"]}""", "")]
    [InlineData("""{"Binds":["../up:/x"]}""", "host path /up")]
    [InlineData("""{"Mounts":[{"Type":"bind","Source":"/etc","Target":"/x"}]}""", "host path /etc")]
    [InlineData("""{"Mounts":[{"type":"bind","source":"/etc","target":"/x"}]}""", "host path /etc")]
    [InlineData("""{"Mounts":[{"Type":"tmpfs","Target":"/x"},{"Type":"volume","Source":"data","Target":"/y"}]}""", "")]
    [InlineData("""{"Mounts":[{"Type":"cluster","Source":"a","Target":"/x"}]}""", "unknown setting mount of type cluster")]
    [InlineData(
        """{"Mounts":[{"Type":"volume","VolumeOptions":{"DriverConfig":{"Name":"local","Options":{"o":"bind","device":"/etc"}}}}]}""",
        "host path /etc")]
    [InlineData("""{"CapAdd":["SYS_ADMIN"]}""", "capability SYS_ADMIN")]
    [InlineData("""{"CapAdd":["cap_net_admin"]}""", "capability NET_ADMIN")]
    [InlineData("""{"CapAdd":["all"]}""", "capability ALL")]
    [InlineData("""{"CapDrop":["ALL"],"CapAdd":["CHOWN"]}""", "")]
    [InlineData("""{"Devices":[{"PathOnHost":"/dev/sda","PathInContainer":"/x","CgroupPermissions":"r"}]}""", "device /dev/sda")]
    [InlineData("""{"DeviceCgroupRules":["b 8:* rwm"]}""", "device rule b 8:* rwm")]
    [InlineData("""{"DeviceRequests":[{"Driver":"","Count":-1,"Capabilities":[["gpu"]]}]}""", "device gpu")]
    [InlineData("""{"DeviceRequests":[{"Driver":"cdi","DeviceIDs":["vendor.com/disk=all"]}]}""", "device vendor.com/disk=all")]
    [InlineData("""{"SecurityOpt":["seccomp=unconfined"]}""", "seccomp=unconfined")]
    [InlineData("""{"SecurityOpt":["seccomp:unconfined"]}""", "seccomp=unconfined")]
    [InlineData("""{"SecurityOpt":["seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\"}"]}""", "seccomp=(a profile of its own)")]
    [InlineData("""{"SecurityOpt":["apparmor=unconfined","label=disable"]}""", "apparmor=unconfined|label=disable")]
    [InlineData("""{"SecurityOpt":["systempaths=unconfined"]}""", "systempaths=unconfined")]
    [InlineData("""{"SecurityOpt":["no-new-privileges","no-new-privileges:true","seccomp=builtin","apparmor=docker-default"]}""", "")]
    [InlineData("""{"MaskedPaths":[],"ReadonlyPaths":[]}""", "MaskedPaths that lacks some of the default|ReadonlyPaths that lacks some of the default")]
    [InlineData("""{"MaskedPaths":null,"ReadonlyPaths":["/proc/bus","/proc/fs","/proc/irq","/proc/sys","/proc/sysrq-trigger","/more"]}""", "")]
    [InlineData("""{"Runtime":"runc"}""", "")]
    [InlineData("""{"Runtime":"/tmp/containerd-shim-mine-v1"}""", "runtime=/tmp/containerd-shim-mine-v1")]
    [InlineData("""{"Annotations":{"run.oci.handler":"krun"}}""", "annotation run.oci.handler")]
    [InlineData("""{"LogConfig":{"Type":"syslog","Config":{"syslog-address":"unix:///run/docker.sock"}}}""", "host path /run/docker.sock")]
    [InlineData("""{"LogConfig":{"Type":"splunk","Config":{"splunk-capath":"/etc/ssl/key"}}}""", "host path /etc/ssl/key")]
    [InlineData("""{"LogConfig":{"Type":"json-file","Config":{"max-size":"1m"}}}""", "")]
    [InlineData("""{"Sysctls":{"net.ipv4.ip_forward":"1"},"GroupAdd":["0"],"PortBindings":{"80/tcp":[{}]},"Memory":5,"CgroupParent":"x"}""", "")]
    [InlineData("""{"WhatComesLater":{"a":1}}""", "unknown setting WhatComesLater")]
    [InlineData("""{"WhatComesLater":null,"Other":0,"Third":"","Fourth":[],"Fifth":{},"Sixth":false}""", "")]
    public void Every_setting_that_gives_more_of_the_host_is_found(string host, string expected)
    {
        var settings = EngineSettings.Read(new JsonObject { ["Image"] = "app:1", ["HostConfig"] = JsonNode.Parse(host) }, "the container");
        string.Join('|', settings.Dangers).ShouldBe(expected);
        settings.Images.ShouldBe(["app:1"]);
    }

    [Theory]
    [InlineData("docker-20.10")]
    [InlineData("docker-26.1")]
    [InlineData("podman-4.3")]
    public void What_engines_add_by_themselves_is_no_danger(string engine)
    {
        var folder = Path.Combine(Repository.Root, "tests/DockMon.Agent.Tests/Update/Recorded", engine);
        var files = Directory.GetFiles(folder, "*.container.json");
        files.Length.ShouldBeGreaterThan(10);
        foreach (var file in files)
        {
            var plan = UpdatePlanner.Plan((JsonObject)JsonNode.Parse(File.ReadAllText(file))!, oldImage: [], "app:2");
            var asked = Path.GetFileName(file).Split('.')[0] switch
            {
                "host-network" => "host network namespace",
                "host-uts" => "host UTS namespace",
                _ => "",
            };
            var dangers = EngineSettings.Read(plan.CreateBody, "x").Dangers.Where(danger => danger.Value != HostFacts.CgroupNamespace);
            string.Join('|', dangers).ShouldBe(asked, file);
        }
    }

    [Theory]
    [InlineData("""{"NetworkMode":"container:a"}""", "NetworkNamespace a")]
    [InlineData("""{"NetworkMode":"mine"}""", "Network mine")]
    [InlineData("""{"PidMode":"container:a","IpcMode":"container:b"}""", "ProcessNamespace a|IpcNamespace b")]
    [InlineData("""{"VolumesFrom":["a:ro","b"]}""", "Mounts a|Mounts b")]
    [InlineData("""{"Binds":["data:/x:ro"],"Mounts":[{"Type":"volume","Source":"more"}]}""", "Volume data|Volume more")]
    public void What_only_the_engine_knows_is_named(string host, string expected) => string.Join(
        '|',
        EngineSettings.Read(new JsonObject { ["HostConfig"] = JsonNode.Parse(host) }, "x").References.Select(reference => $"{reference.Kind} {reference.Name}"))
        .ShouldBe(expected);

    [Fact]
    public void Networks_count_wherever_they_are_named()
    {
        var body = (JsonObject)JsonNode.Parse("""{"HostConfig":{},"NetworkingConfig":{"EndpointsConfig":{"host":{},"one":{}}}}""")!;
        var settings = EngineSettings.Read(body, "x", "two");
        settings.Dangers.ShouldBe([new Danger(DangerKind.HostNamespace, "network")]);
        settings.References.Select(reference => reference.Name).ShouldBe(["one", "two"]);
    }

    [Fact]
    public void An_image_that_is_mounted_is_one_of_its_images() => EngineSettings.Read(
        (JsonObject)JsonNode.Parse("""{"Image":"a","HostConfig":{"Mounts":[{"Type":"image","Source":"b","Target":"/x"}]}}""")!,
        "x").Images.ShouldBe(["a", "b"], ignoreOrder: true);

    [Theory]
    [InlineData("", """{"type":"none","o":"bind","device":"/etc"}""", "/etc")]
    [InlineData("local", """{"type":"tmpfs","o":"size=1m,rbind","device":"/var/../etc"}""", "/etc")]
    [InlineData("local", """{"type":"ext4","device":"/dev/sda1"}""", "/")]
    [InlineData("local", """{"type":"overlay","device":"overlay","o":"lowerdir=/etc,upperdir=/a,workdir=/b"}""", "/")]
    [InlineData("local", """{"type":"proc","device":"proc"}""", "/")]
    [InlineData("local", """{"device":"/dev/sda1"}""", "/")]
    [InlineData("local", """{"type":"tmpfs","device":"tmpfs"}""", null)]
    [InlineData("local", """{"type":"nfs","o":"addr=10.0.0.1,rw","device":":/export"}""", null)]
    [InlineData("local", """{"type":"cifs","o":"addr=a","device":"//server/share"}""", null)]
    [InlineData("local", """{"o":"size=10g"}""", null)]
    [InlineData("local", "{}", null)]
    [InlineData("local-persist", """{"mountpoint":"/etc"}""", "/etc")]
    [InlineData("rclone", """{"remote":"mine:bucket"}""", null)]
    public void A_volume_may_be_the_hosts_by_the_options_of_its_driver(string driver, string options, string? path)
    {
        var given = ((JsonObject)JsonNode.Parse(options)!).ToDictionary(option => option.Key, option => option.Value!.GetValue<string>());
        VolumeOptionDangers.Of(driver, given, "volume v").Select(danger => danger.Value).ShouldBe(path is null ? [] : [path]);
    }
}
