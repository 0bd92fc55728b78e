using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Volumes;
using DockMon.Agent.Policies.Hiding;
using DockMon.Engine;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Commands.Volumes;

public sealed class VolumeCommandsTests : IAsyncLifetime
{
    private const string Containers = "/containers/json?all=1";
    private const string Data =
        """{"Name":"data","Driver":"local","Mountpoint":"/var/lib/docker/volumes/data/_data","CreatedAt":"2026-11-23T09:24:59+01:00"}""";

    private readonly ScriptedEngine _engine = new((Containers, 200, "[]"));
    private readonly Routes _routes = new();

    public ValueTask InitializeAsync()
    {
        new VolumeCommands(_engine.Client, HiddenContainers.None).AddTo(_routes);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    [Fact]
    public async Task A_volume_is_listed_with_the_containers_that_mount_it()
    {
        _engine.Set("/volumes", $$"""{"Volumes":[{{Data}}],"Warnings":null}""");
        _engine.Set(Containers, """
            [
              {"Id":"aaaaaaaaaaaa1111","Names":["/web"],"Mounts":[{"Type":"volume","Name":"data"},{"Type":"volume","Name":"data"}]},
              {"Id":"bbbbbbbbbbbb2222","Names":["/db"],"Mounts":[{"Type":"bind","Name":"data"},{"Type":"volume","Name":"other"}]},
              {"Id":"cccccccccccc3333","Names":null,"Mounts":null}
            ]
            """);
        var volume = (await _routes.Commands.RunAsync(CommandNames.ListVolumes)).EnumerateArray().Single();
        volume.GetProperty("name").GetString().ShouldBe("data");
        volume.GetProperty("mountpoint").GetString().ShouldBe("/var/lib/docker/volumes/data/_data");
        volume.GetProperty("created").GetString().ShouldBe("2026-11-23T08:24:59Z");
        volume.GetProperty("in_use").GetBoolean().ShouldBeTrue();
        volume.GetProperty("container_count").GetInt32().ShouldBe(1);
        volume.GetProperty("containers")[0].GetProperty("id").GetString().ShouldBe("aaaaaaaaaaaa");
        volume.GetProperty("containers")[0].GetProperty("name").GetString().ShouldBe("web");
    }

    [Theory]
    [InlineData("""{"Volumes":null,"Warnings":null}""", 0)]
    [InlineData("""{"Volumes":[]}""", 0)]
    [InlineData("""{}""", 0)]
    [InlineData("""{"Volumes":[{"Name":"bare"}]}""", 1)]
    [InlineData("""{"Volumes":[{"Name":"odd","CreatedAt":"yesterday","Driver":7}]}""", 1)]
    public async Task A_list_with_little_in_it_is_read_as_it_is(string list, int count)
    {
        _engine.Set("/volumes", list);
        var volumes = (await _routes.Commands.RunAsync(CommandNames.ListVolumes)).EnumerateArray().ToList();
        volumes.Count.ShouldBe(count);
        volumes.ShouldAllBe(volume => volume.GetProperty("in_use").GetBoolean() == false && volume.GetProperty("created").GetString() == "");
        (await _routes.Operations.RunAsync(OperationActions.ListVolumes)).GetProperty("volumes").GetArrayLength().ShouldBe(count);
    }

    [Theory]
    [InlineData("/volumes")]
    [InlineData(Containers)]
    public async Task A_list_that_the_engine_refuses_is_an_error_in_its_words(string path)
    {
        _engine.Set("/volumes", """{"Volumes":[]}""");
        _engine.Set(path, """{"message":"the store is locked"}""", 500);
        (await Should.ThrowAsync<EngineException>(() => _routes.Commands.RunAsync(CommandNames.ListVolumes))).Message.ShouldContain("the store is locked");
    }

    [Fact]
    public async Task A_volume_is_made_by_its_name_and_answered_with_the_engines()
    {
        _engine.Set("/volumes/create", """{"Name":"as the engine has it"}""", 201);
        (await _routes.Commands.RunAsync(CommandNames.CreateVolume, """{"name":"new"}""")).GetProperty("name").GetString().ShouldBe("as the engine has it");
        Last().Body.ShouldBe("""{"Name":"new"}""");
        (await _routes.Operations.RunAsync(OperationActions.CreateVolume, """{"name":"two"}"""))
            .GetProperty("volume_name")
            .GetString()
            .ShouldBe("as the engine has it");
        Last().Body.ShouldBe("""{"Name":"two"}""");
    }

    [Theory]
    [InlineData(CommandNames.CreateVolume, null, "name is missing")]
    [InlineData(CommandNames.CreateVolume, "{}", "name is missing")]
    [InlineData(CommandNames.CreateVolume, """{"name":" "}""", "name is missing")]
    [InlineData(CommandNames.DeleteVolume, "{}", "volume_name is missing")]
    [InlineData(CommandNames.DeleteVolume, """{"volume_name":""}""", "volume_name is missing")]
    [InlineData(CommandNames.DeleteVolume, """{"volume_name":7}""", "invalid payload")]
    [InlineData(CommandNames.CreateVolume, """{"name":"\ud800"}""", "invalid payload")]
    [InlineData(CommandNames.CreateVolume, "[]", "invalid payload")]
    public async Task A_request_that_names_no_volume_reaches_no_engine(string command, string? payload, string words)
    {
        (await Should.ThrowAsync<CommandException>(() => _routes.Commands.RunAsync(command, payload))).Message.ShouldContain(words);
        _engine.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"volume_name":"data"}""", "/volumes/data?force=0")]
    [InlineData("""{"volume_name":"data","force":true}""", "/volumes/data?force=1")]
    [InlineData("""{"volume_name":"../containers/x","force":false}""", "/volumes/..%2Fcontainers%2Fx?force=0")]
    public async Task A_volume_is_deleted_by_its_name_which_stays_one_part_of_the_path(string payload, string path)
    {
        _engine.Set(path, "", 204);
        await _routes.Commands.RunAsync(CommandNames.DeleteVolume, payload);
        Last().Line.ShouldBe("DELETE /v1.41" + path);
    }

    [Fact]
    public async Task A_volume_that_is_in_use_is_not_deleted_and_the_engine_says_why()
    {
        _engine.Set("/volumes/data?force=0", """{"message":"volume is in use - [abc]"}""", 409);
        (await Should.ThrowAsync<EngineException>(() => _routes.Commands.RunAsync(CommandNames.DeleteVolume, """{"volume_name":"data"}"""))).Message
            .ShouldBe("volume is in use - [abc]");
    }

    [Theory]
    [InlineData("1.41", "")]
    [InlineData("1.42", "?filters=%7B%22all%22%3A%5B%22true%22%5D%7D")]
    public async Task Unused_volumes_are_pruned_with_their_names_by_every_engine(string version, string query)
    {
        _engine.ApiVersion = version;
        _engine.Set("/volumes/prune" + query, """{"VolumesDeleted":["a","b"],"SpaceReclaimed":5000000000}""");
        var pruned = await _routes.Commands.RunAsync(CommandNames.PruneVolumes);
        pruned.GetProperty("removed_count").GetInt32().ShouldBe(2);
        pruned.GetProperty("space_reclaimed").GetInt64().ShouldBe(5_000_000_000);
        pruned.GetProperty("volumes_removed").EnumerateArray().Select(name => name.GetString()).ShouldBe(["a", "b"]);
    }

    [Fact]
    public async Task A_prune_that_found_nothing_is_no_failure()
    {
        _engine.Set("/volumes/prune", """{"VolumesDeleted":null,"SpaceReclaimed":0}""");
        (await _routes.Commands.RunAsync(CommandNames.PruneVolumes)).GetProperty("removed_count").GetInt32().ShouldBe(0);
    }

    private ScriptedRequest Last() => _engine.Calls.Last();
}
