using System.Text.Json.Nodes;
using DockMon.Agent.Update.Journal;
using DockMon.Agent.Update.Planning;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Update.Planning;

public sealed class UpdatePlannerTests
{
    private const string Id = "efb225eae0e5807ec9f45533e6c5598e13b9f197ce11f9fe3fd9c3964d86d6ed";

    private const string Image = """
        {"Config":{"Env":["PATH=/bin","APP=1"],"Cmd":["serve"],
            "Entrypoint":["/entry"],"WorkingDir":"/srv","User":"app","Labels":{"v":"1"},
        "ExposedPorts":{"80/tcp":{},"81/tcp":{}},"Volumes":{"/data":{}},
            "Healthcheck":{"Test":["CMD","true"]},"StopSignal":"SIGINT"}}
        """;

    /// <summary>A name, changes to the inspected container, and what the plan must have: by path, JSON or "absent".</summary>
    public static TheoryData<string, string, string> Cases => new()
    {

        {
            "inherited",
            """{}""",
            """{"Cmd":"absent","Entrypoint":"absent","WorkingDir":"absent","User":"absent","Healthcheck":"absent","StopSignal":"absent","Env":[],"Labels":{}}"""
        },
        { "command set", """{"Config":{"Cmd":["other"]}}""", """{"Cmd":["other"],"Entrypoint":"absent"}""" },
        { "entrypoint set, command cleared by it", """{"Config":{"Entrypoint":["/mine"],"Cmd":null}}""", """{"Entrypoint":["/mine"],"Cmd":null}""" },
        { "entrypoint set, command set to the image's", """{"Config":{"Entrypoint":["/mine"]}}""", """{"Entrypoint":["/mine"],"Cmd":["serve"]}""" },
        { "entrypoint cleared", """{"Config":{"Entrypoint":null,"Cmd":["mine"]}}""", """{"Entrypoint":[""],"Cmd":["mine"]}""" },

        {
            "health check, one member set",
            """{"Config":{"Healthcheck":{"Test":["CMD","true"],"Interval":7000000000}}}""",
            """{"Healthcheck":{"Interval":7000000000}}"""
        },
        { "variables", """{"Config":{"Env":["MINE=1","PATH=/bin","APP=2"]}}""", """{"Env":["MINE=1","APP=2"]}""" },
        { "labels", """{"Config":{"Labels":{"v":"1","mine":"x"}}}""", """{"Labels":{"mine":"x"}}""" },
        { "label of the image's name with another value", """{"Config":{"Labels":{"v":"9"}}}""", """{"Labels":{"v":"9"}}""" },

        {
            "user, directory, health check set",
            """{"Config":{"User":"me","WorkingDir":"/me","Healthcheck":{"Test":["NONE"]}}}""",
            """{"User":"me","WorkingDir":"/me","Healthcheck":{"Test":["NONE"]}}"""
        },

        {
            "published and own ports",
            """{"Config":{"ExposedPorts":{"80/tcp":{},"81/tcp":{},"90/tcp":{}}},"HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":"8080"}]}}}""",
            """{"ExposedPorts":{"80/tcp":{},"90/tcp":{}}}"""
        },
        { "host name of its own", """{"Config":{"Hostname":"mine"}}""", """{"Hostname":"mine"}""" },
        { "host name that was the id", """{}""", """{"Hostname":"absent"}""" },

        {
            "the host's name",
            """{"Config":{"Hostname":"box","Domainname":"lan"},"HostConfig":{"UTSMode":"host"}}""",
            """{"Hostname":"absent","Domainname":"absent"}"""
        },

        {
            "another container's network",
            """{"Config":{"Hostname":"x"},"HostConfig":{"NetworkMode":"container:abc","PortBindings":{"1/tcp":null}}}""",
            """{"Hostname":"absent","ExposedPorts":"absent","HostConfig.PortBindings":"absent","NetworkingConfig":"absent"}"""
        },

        {
            "anonymous volume of the image",
            """{"Mounts":[{"Type":"volume","Name":"abc","Destination":"/data","RW":true}]}""",
            """{"HostConfig.Binds":["abc:/data"],"Volumes":{}}"""
        },

        {
            "anonymous volume of the user, read-only",
            """{"Config":{"Volumes":{"/data":{},"/mine":{}}},"Mounts":[{"Type":"volume","Name":"m","Destination":"/mine","RW":false}]}""",
            """{"HostConfig.Binds":["m:/mine:ro"]}"""
        },

        {
            "declared with a slash at its end",
            """{"Config":{"Volumes":{"/mine/":{}}},"Mounts":[{"Type":"volume","Name":"m","Destination":"/mine","RW":true}]}""",
            """{"HostConfig.Binds":["m:/mine"],"Volumes":{}}"""
        },

        {
            "bound with a slash at its end",
            """{"HostConfig":{"Binds":["n:/data/"]},"Mounts":[{"Type":"volume","Name":"n","Destination":"/data","RW":true}]}""",
            """{"HostConfig.Binds":["n:/data/"]}"""
        },

        {
            "a bind that is a path alone",
            """{"HostConfig":{"Binds":["/own","n:/x"]},"Mounts":[{"Type":"volume","Name":"m","Destination":"/own","RW":true}]}""",
            """{"HostConfig.Binds":["m:/own","n:/x"]}"""
        },

        {
            "named volume",
            """{"HostConfig":{"Binds":["n:/data"]},"Mounts":[{"Type":"volume","Name":"n","Destination":"/data","RW":true}]}""",
            """{"HostConfig.Binds":["n:/data"]}"""
        },

        {
            "anonymous volume by --mount",
            """{"HostConfig":{"Mounts":[{"Type":"volume","Target":"/m"}]},"Mounts":[{"Type":"volume","Name":"abc","Destination":"/m","RW":true}]}""",
            """{"HostConfig.Mounts":[{"Type":"volume","Target":"/m","Source":"abc"}]}"""
        },

        {
            "volume of another container",
            """{"HostConfig":{"VolumesFrom":["other"]},"Mounts":[{"Type":"volume","Name":"theirs","Destination":"/theirs","RW":true}]}""",
            """{"HostConfig.Binds":"absent","HostConfig.VolumesFrom":["other"]}"""
        },
        { "links", """{"HostConfig":{"Links":["/db:/web/database"]}}""", """{"HostConfig.Links":["db:database"]}""" },
        { "the image's entrypoint, set, which sets its command aside", """{"Config":{"Cmd":null}}""", """{"Entrypoint":["/entry"],"Cmd":null}""" },

        {
            "a setting nobody here has heard of",
            """{"Config":{"FutureConfig":{"a":1}},"HostConfig":{"FutureHost":[1]}}""",
            """{"FutureConfig":{"a":1},"HostConfig.FutureHost":[1]}"""
        },

        {
            "variables that Podman adds",
            """{"HostConfig":{"Runtime":"oci"},"Config":{"Hostname":"h","Env":["MINE=1","TERM=xterm","container=podman","HOME=/","HOSTNAME=h"]}}""",
            """{"Env":["MINE=1"]}"""
        },

        {
            "the host's name, with Podman",
            """{"HostConfig":{"Runtime":"oci","NetworkMode":"host"},"Config":{"Hostname":"box","Env":["MINE=1","HOME=/","HOSTNAME=box"]}}""",
            """{"Hostname":"absent","Env":["MINE=1"]}"""
        },

        {
            "a host name set beside the host's network, with Podman",
            """{"HostConfig":{"Runtime":"oci","NetworkMode":"host"},"Config":{"Hostname":"mine","Env":["HOSTNAME=mine","MINE=1","HOME=/"]}}""",
            """{"Hostname":"mine"}"""
        },

        {
            "a host name that is a user's variable, with Podman",
            """{"HostConfig":{"Runtime":"oci"},"Config":{"Hostname":"h","Env":["MINE=1","HOME=/","HOSTNAME=box"]}}""",
            """{"Env":["MINE=1","HOME=/","HOSTNAME=box"]}"""
        },

        {
            "variables that Podman adds, with the host's name",
            """{"HostConfig":{"Runtime":"oci","UTSMode":"host"},"Config":{"Hostname":"h","Env":["MINE=1","HOME=/","HOSTNAME=box"]}}""",
            """{"Env":["MINE=1"]}"""
        },

        {
            "a home that Podman adds behind the host name that was asked for",
            """{"HostConfig":{"Runtime":"oci"},"Config":{"Hostname":"mine","Env":["TERM=xterm","MINE=1","HOSTNAME=mine","HOME=/srv"]}}""",
            """{"Hostname":"mine","Env":["MINE=1"]}"""
        },

        {
            "a home that Podman adds beside a host name that is a user's variable",
            """{"HostConfig":{"Runtime":"oci"},"Config":{"Hostname":"h","Env":["HOSTNAME=box","MINE=1","HOME=/root"]}}""",
            """{"Env":["HOSTNAME=box","MINE=1"]}"""
        },

        {
            "a home set with Podman",
            """{"HostConfig":{"Runtime":"oci"},"Config":{"Hostname":"h","Env":["HOME=/","MINE=1","HOSTNAME=h"]}}""",
            """{"Env":["HOME=/","MINE=1"]}"""
        },

        {
            "a home that is not root's, with Podman",
            """{"HostConfig":{"Runtime":"oci"},"Config":{"Hostname":"h","Env":["MINE=1","HOME=/home/me","HOSTNAME=h"]}}""",
            """{"Env":["MINE=1","HOME=/home/me"]}"""
        },
        { "the same variables with Docker", """{"Config":{"Env":["TERM=xterm","HOME=/","HOSTNAME=h"]}}""", """{"Env":["TERM=xterm","HOME=/","HOSTNAME=h"]}""" },
        { "file of the id", """{"HostConfig":{"ContainerIDFile":"/tmp/id"}}""", """{"HostConfig.ContainerIDFile":"absent"}""" },
    };

    [Fact]
    public void What_an_engine_would_not_write_is_left_for_it_to_refuse()
    {
        const string Changes = """
            {"Name":{},"State":[1],"Config":{"StopTimeout":"x","Env":[null,1],"Volumes":[]},
            "Mounts":[null,{"Type":"volume","Name":"v","Destination":"/\u0000"}],
            "HostConfig":{"Runtime":"oci","Binds":[5,null],"Links":[{},null,"/db:/web/db"],"NanoCpus":"a","RestartPolicy":{"Name":"always"},"AutoRemove":"yes"},
            "NetworkSettings":{"Networks":{"a":null,"b":5}}}
            """;
        var container = Container(Changes);

        var host = UpdatePlanner.Plan(container, [], "app:2").CreateBody["HostConfig"]!;

        host["Binds"]!.ToJsonString().ShouldBe("[5,null]");
        host["Links"]!.ToJsonString().ShouldBe("""[{},null,"db:db"]""");
        var journal = UpdateJournal.Open("web", container, stopTimeout: 10, healthTimeout: 60);
        (journal.WasRunning, journal.RemovesItself, journal.RestartPolicy!.MaximumRetryCount).ShouldBe((false, false, 0));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_planned(string _, string changes, string expected)
    {
        var body = UpdatePlanner.Plan(Container(changes), JsonNode.Parse(Image)!.AsObject(), "app:2").CreateBody;
        body["Image"]!.GetValue<string>().ShouldBe("app:2");
        foreach (var (path, value) in JsonNode.Parse(expected)!.AsObject())
        {
            var node = path.Split('.').Aggregate((JsonNode?)body, (current, name) => current?[name]);
            if (value is JsonValue text && text.ToString() == "absent")
            {
                node.ShouldBeNull(path);
            }
            else
            {
                (node?.ToJsonString() ?? "null").ShouldBe(value?.ToJsonString() ?? "null", path);
            }
        }
    }

    [Fact]
    public void Without_its_old_image_everything_is_kept_and_said_so()
    {
        var plan = UpdatePlanner.Plan(Container("{}"), [], "app:2");
        plan.CreateBody["Cmd"]!.ToJsonString().ShouldBe("""["serve"]""");
        plan.Reasons.ShouldContain(reason => reason.Contains("gone"));
    }

    [Fact]
    public void Every_network_is_planned_the_one_of_its_mode_first_with_what_was_asked_of_it()
    {
        var plan = UpdatePlanner.Plan(
            Container("""
                {"HostConfig":{"NetworkMode":"main"},"NetworkSettings":{"Networks":{
                "other":{"IPAMConfig":null,"Aliases":["second","efb225eae0e5"],"IPAddress":"172.18.0.2",
                "MacAddress":"02:42:ac:12:00:02","NetworkID":"n2","DriverOpts":{"o":"1"}},
                "main":{"IPAMConfig":{"IPv4Address":"10.0.0.9"},"Links":["db:x"],"Aliases":["exactly12chr","efb225eae0e5"],"IPAddress":"10.0.0.9",
                "MacAddress":"02:00:00:00:00:09","EndpointID":"e","DNSNames":["a"]}}}}
                """),
            JsonNode.Parse(Image)!.AsObject(),
            "app:2");
        plan.CreateBody["NetworkingConfig"]!.ToJsonString().ShouldBe(
            """{"EndpointsConfig":{"main":{"IPAMConfig":{"IPv4Address":"10.0.0.9"},"Links":["db:x"],"Aliases":["exactly12chr"],"MacAddress":"02:00:00:"""
            + """00:00:09"}}}""");
        plan.Networks.Single().Key.ShouldBe("other");
        plan.Networks.Single().Value.ToJsonString().ShouldBe("""{"IPAMConfig":null,"Aliases":["second"],"DriverOpts":{"o":"1"}}""");
    }

    [Fact]
    public void Planning_changes_nothing_of_what_it_was_given()
    {
        var container = Container("{}");
        var before = container.ToJsonString();
        UpdatePlanner.Plan(container, JsonNode.Parse(Image)!.AsObject(), "app:2");
        container.ToJsonString().ShouldBe(before);
    }

    private static JsonObject Container(string changes)
    {
        var container = JsonNode.Parse("""
            {"Id":"ID64","Name":"/web","Image":"sha256:1","Config":{"Hostname":"ID12","Env":["PATH=/bin","APP=1"],"Cmd":["serve"],
            "Entrypoint":["/entry"],"WorkingDir":"/srv","User":"app",
            "Labels":{"v":"1"},"ExposedPorts":{"80/tcp":{},"81/tcp":{}},"Volumes":{"/data":{}},
            "Healthcheck":{"Test":["CMD","true"]},"StopSignal":"SIGINT","Image":"app:1"},
            "HostConfig":{"NetworkMode":"default","PortBindings":{}},"Mounts":[],
            "NetworkSettings":{"Networks":{"bridge":{"IPAddress":"172.17.0.2","MacAddress":"02:42:ac:11:00:02"}}}}
            """.Replace("ID64", Id, StringComparison.Ordinal).Replace("ID12", Id[..12], StringComparison.Ordinal))!.AsObject();
        Merge(container, JsonNode.Parse(changes)!.AsObject());
        return container;
    }

    private static void Merge(JsonObject target, JsonObject changes)
    {
        foreach (var (name, value) in changes)
        {
            if (value is JsonObject nested && target[name] is JsonObject existing && name is "Config" or "HostConfig")
            {
                Merge((JsonObject)target[name]!, (JsonObject)value!);
            }
            else
            {
                target[name] = value?.DeepClone();
            }
        }
    }
}
