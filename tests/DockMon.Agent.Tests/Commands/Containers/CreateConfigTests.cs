using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Containers;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Commands.Containers;

public sealed class CreateConfigTests
{
    [Theory]
    [InlineData("""{"command":"sh -c 'echo \"a b\"' x\\ y"}""", "Cmd", """["sh","-c","echo \"a b\"","x y"]""")]
    [InlineData("""{"command":["a","b"]}""", "Cmd", """["a","b"]""")]
    [InlineData("""{"entrypoint":"/e \"\""}""", "Entrypoint", """["/e",""]""")]
    [InlineData("""{"environment":{"A":"1","B":2,"C":true,"D":null}}""", "Env", """["A=1","B=2","C=True","D"]""")]
    [InlineData("""{"environment":["A=1"]}""", "Env", """["A=1"]""")]
    [InlineData("""{"labels":{"a":"b"}}""", "Labels", """{"a":"b"}""")]
    [InlineData("""{"labels":{"a":"1","a":"2"}}""", "Labels", """{"a":"2"}""")]
    [InlineData("""{"labels":["a=1","a=2"]}""", "Labels", """{"a":"2"}""")]
    [InlineData("""{"labels":["a","b=c"]}""", "Labels", """{"a":"","b":"c"}""")]
    [InlineData("""{"user":1000,"hostname":"h","working_dir":"/w","tty":true}""", "User", "\"1000\"")]
    [InlineData("""{"ports":{"80/tcp":8080}}""", "HostConfig.PortBindings", """{"80/tcp":[{"HostIp":"","HostPort":"8080"}]}""")]
    [InlineData("""{"ports":{"80":"8080"}}""", "ExposedPorts", """{"80/tcp":{}}""")]
    [InlineData("""{"ports":{"53/udp":["127.0.0.1",5353]}}""", "HostConfig.PortBindings", """{"53/udp":[{"HostIp":"127.0.0.1","HostPort":"5353"}]}""")]
    [InlineData(
        """{"ports":{"80/tcp":[8080,8081]}}""",
        "HostConfig.PortBindings",
        """{"80/tcp":[{"HostIp":"","HostPort":"8080"},{"HostIp":"","HostPort":"8081"}]}""")]
    [InlineData("""{"ports":{"80/tcp":null}}""", "HostConfig.PortBindings", """{"80/tcp":[{"HostIp":"","HostPort":""}]}""")]
    [InlineData("""{"ports":["127.0.0.1:8080:80/udp","81"]}""", "HostConfig.PortBindings", """{"80/udp":[{"HostIp":"127.0.0.1","HostPort":"8080"}]}""")]
    [InlineData("""{"volumes":{"/h":{"bind":"/c","mode":"ro"},"v":{"bind":"/d"}}}""", "HostConfig.Binds", """["/h:/c:ro","v:/d:rw"]""")]
    [InlineData("""{"volumes":["/h:/c","/anonymous"]}""", "Volumes", """{"/anonymous":{}}""")]
    [InlineData(
        """{"restart_policy":{"Name":"on-failure","MaximumRetryCount":3}}""",
        "HostConfig.RestartPolicy",
        """{"Name":"on-failure","MaximumRetryCount":3}""")]
    [InlineData(
        """{"devices":["/dev/a:/dev/b:r","/dev/c"]}""",
        "HostConfig.Devices",
        """[{"PathOnHost":"/dev/a","PathInContainer":"/dev/b","CgroupPermissions":"r"},"""
        + """{"PathOnHost":"/dev/c","PathInContainer":"/dev/c","CgroupPermissions":"rwm"}]""")]
    [InlineData("""{"extra_hosts":{"db":"10.0.0.1"}}""", "HostConfig.ExtraHosts", """["db:10.0.0.1"]""")]
    [InlineData("""{"mem_limit":"512m"}""", "HostConfig.Memory", "536870912")]
    [InlineData("""{"mem_limit":1024}""", "HostConfig.Memory", "1024")]
    [InlineData("""{"mem_limit":"1.5GB"}""", "HostConfig.Memory", "1610612736")]
    [InlineData("""{"cpus":1.5}""", "HostConfig.NanoCpus", "1500000000")]
    [InlineData("""{"cap_add":["NET_ADMIN"],"privileged":true}""", "HostConfig.CapAdd", """["NET_ADMIN"]""")]
    [InlineData("""{"ulimits":[{"name":"nofile","soft":1,"hard":2}]}""", "HostConfig.Ulimits", """[{"Name":"nofile","Soft":1,"Hard":2}]""")]
    [InlineData("""{"healthcheck":{"test":5}}""", "Healthcheck", """{"Test":5}""")]
    [InlineData("""{"healthcheck":{"test":"true","interval":1000000000}}""", "Healthcheck", """{"Test":["CMD-SHELL","true"],"Interval":1000000000}""")]
    [InlineData("""{"network":"a","networks":["a","b"]}""", "HostConfig.NetworkMode", "\"a\"")]
    [InlineData("""{"network_mode":"a","network":"a"}""", "HostConfig.NetworkMode", "\"a\"")]
    [InlineData("""{"networks":{"a":null}}""", "NetworkingConfig", "null")]
    [InlineData(
        """{"networks":{"a":{"aliases":["x","y"],"ipv4_address":"10.0.0.9","ipv6_address":null}}}""",
        "NetworkingConfig",
        """{"EndpointsConfig":{"a":{"Aliases":["x","y"],"IPAMConfig":{"IPv4Address":"10.0.0.9"}}}}""")]
    [InlineData(
        """{"network":"a","networks":{"a":{"mac_address":"02:42:0a:00:00:09"}}}""",
        "NetworkingConfig.EndpointsConfig.a.MacAddress",
        "\"02:42:0a:00:00:09\"")]
    [InlineData(
        """{"networks":{"a":{"links":{"db":"base"},"driver_opt":{"k":1},"link_local_ips":["169.254.1.1"]}}}""",
        "NetworkingConfig.EndpointsConfig.a",
        """{"Links":["db:base"],"DriverOpts":{"k":"1"},"IPAMConfig":{"LinkLocalIPs":["169.254.1.1"]}}""")]
    [InlineData("""{"restart_policy":null,"ports":null}""", "HostConfig.RestartPolicy", "null")]
    public void The_SDKs_names_become_the_engines(string options, string path, string expected)
    {
        var body = Read(options).Body;
        body["Image"]!.GetValue<string>().ShouldBe("app:1");
        (path.Split('.').Aggregate((JsonNode?)body, (node, name) => node?[name])?.ToJsonString()
            ?? "null").ShouldBe(JsonNode.Parse(expected)?.ToJsonString() ?? "null");
    }

    [Theory]
    [InlineData("""{"volume":{}}""", "unknown option 'volume' in config")]
    [InlineData("""{"privileged":"yes"}""", "option 'privileged' in config must be true or false")]
    [InlineData("""{"mem_limit":"79228162514264337593543950335t"}""", "option 'mem_limit' in config must be a number of bytes")]
    [InlineData("""{"mem_limit":"-9223372036854775809"}""", "option 'mem_limit' in config must be a number of bytes")]
    [InlineData("""{"mem_limit":"much"}""", "option 'mem_limit' in config must be a number of bytes")]
    [InlineData("""{"ports":{"http":80}}""", "option 'ports' in config must be made of ports")]
    [InlineData("""{"ports":{"80":"70000"}}""", "option 'ports' in config must be made of ports")]
    [InlineData("""{"volumes":{"/h":{"mode":"ro"}}}""", "option 'volumes' in config must be a map whose /h has a \"bind\"")]
    [InlineData("""{"command":"sh -c 'open"}""", "option 'command' in config has a quotation mark")]
    [InlineData("""{"restart_policy":{"Nmae":"always"}}""", "not Nmae")]
    [InlineData("""{"platform":1}""", "option 'platform' in config must be a text")]
    [InlineData("""{"networks":{"a":{"ip":"10.0.0.9"}}}""", "network a whose ip is not known")]
    [InlineData("""{"networks":{"a":{"ipv4_address":10}}}""", "network a whose ipv4_address must be a text")]
    [InlineData("""{"networks":{"a":"10.0.0.9"}}""", "must be a map whose a is a map")]
    [InlineData("""{"networks":[{"a":{}}]}""", "option 'networks' in config must be a list of texts")]
    [InlineData("""{"networks":"a"}""", "option 'networks' in config must be a list or a map")]
    [InlineData("""{"network":7}""", "option 'network' in config must be a text")]
    [InlineData("""{"network_mode":"host","network":"a"}""", "network_mode host and the network a")]
    [InlineData("""{"name":7}""", "option 'name' in config must be a text")]
    [InlineData("""{"image":null}""", "config has no image")]
    public void What_cannot_be_understood_is_an_error_that_names_it(string options, string words) =>
        Should.Throw<CommandException>(() => Read(options)).Message.ShouldContain(words);

    [Fact]
    public void A_platform_is_asked_for_beside_the_body()
    {
        var wanted = Read("""{"platform":"linux/arm64"}""");
        wanted.Platform.ShouldBe("linux/arm64");
        wanted.Body.ContainsKey("platform").ShouldBeFalse();
        Read("""{"platform":null}""").Platform.ShouldBeNull();
    }

    [Fact]
    public void Further_networks_come_with_what_the_container_is_in_them()
    {
        var wanted = Read("""{"networks":{"a":{},"b":{"aliases":["x"]},"c":null}}""");
        wanted.MoreNetworks.Select(network => (network.Name, network.Endpoint.ToJsonString())).ShouldBe([("b", """{"Aliases":["x"]}"""), ("c", "{}")]);
        wanted.JoinAll();
        wanted.Body["NetworkingConfig"]!.ToJsonString().ShouldBe("""{"EndpointsConfig":{"a":{},"b":{"Aliases":["x"]},"c":{}}}""");

        wanted = Read("""{"networks":{"a":{"aliases":["y"]},"b":null}}""");
        wanted.JoinAll();
        wanted.Body["NetworkingConfig"]!.ToJsonString().ShouldBe("""{"EndpointsConfig":{"a":{"Aliases":["y"]},"b":{}}}""");
    }

    private static ContainerToCreate Read(string options)
    {
        var config = JsonNode.Parse(options)!.AsObject();
        if (!config.ContainsKey("image"))
        {
            config["image"] = "app:1";
        }

        return CreateConfig.Read(JsonElement.Parse(config.ToJsonString()));
    }
}
