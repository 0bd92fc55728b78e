using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;

namespace DockMon.Engine.Tests;

public sealed class VolumesTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(
        """{"Volumes":[{"Name":"v","Driver":"local","Mountpoint":"/m","CreatedAt":"2026-01-02T03:04:05Z"},{"Name":"w","CreatedAt":null}],"Warnings":null}""",
        "v local /m 2026-01-02T03:04:05Z,w   ")]
    [InlineData("""{"Volumes":null}""", "")]
    public async Task Volumes_are_listed(string body, string expected)
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json(body));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        var volumes = await client.ListVolumesAsync(Ct);

        string.Join(',', volumes.Select(volume => $"{volume.Name} {volume.Driver} {volume.Mountpoint} {volume.CreatedAt}")).ShouldBe(expected);
        engine.Calls.Last().Line.ShouldBe("GET /v1.41/volumes");
    }

    [Fact]
    public async Task A_volume_is_created()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json("""{"Name":"v","Driver":"local"}""", 201));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        (await client.CreateVolumeAsync("v", Ct)).ShouldBe("v");

        engine.Calls.Last().ShouldSatisfyAllConditions(
            request => request.Line.ShouldBe("POST /v1.41/volumes/create"),
            request => request.Body.ShouldBe("""{"Name":"v"}"""));
    }

    [Fact]
    public async Task A_volume_is_removed()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Empty(204));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        await client.RemoveVolumeAsync("my v", force: true, Ct);
        await client.RemoveVolumeAsync("v", force: false, Ct);

        engine.Calls.Skip(1).Select(request => request.Line).ShouldBe(["DELETE /v1.41/volumes/my%20v?force=1", "DELETE /v1.41/volumes/v?force=0"]);
    }

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    public async Task An_id_that_would_lead_elsewhere_is_refused_and_not_sent(string id)
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Empty(204));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        foreach (var call in (Func<Task>[])[
            () => client.RemoveVolumeAsync(id, force: true, Ct), () => client.InspectNetworkAsync(id, Ct), () => client.InspectContainerAsync(id, Ct)])
        {
            (await Should.ThrowAsync<EngineException>(call)).Message.ShouldBe($"\"{id}\" is no id or name");
        }

        engine.Calls.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("1.41", "")]
    [InlineData("1.42", """?filters={"all":["true"]}""")]
    public async Task Volumes_are_pruned_with_a_name_or_without(string version, string query)
    {
        await using var engine = new ScriptedEngine(line => line == "GET /_ping"
            ? ScriptedAnswer.Ping(version)
            : ScriptedAnswer.Json("""{"VolumesDeleted":["v"],"SpaceReclaimed":7}"""));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        var pruned = await client.PruneVolumesAsync(Ct);

        pruned.Removed.ShouldBe(["v"]);
        pruned.SpaceReclaimed.ShouldBe(7);
        Uri.UnescapeDataString(engine.Calls.Last().Line).ShouldBe($"POST /v{version}/volumes/prune{query}");
    }

    [Fact]
    public async Task Nothing_pruned_is_an_empty_list()
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json("""{"VolumesDeleted":null,"SpaceReclaimed":0}"""));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);

        (await client.PruneVolumesAsync(Ct)).Removed.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("volumes")]
    [InlineData("images")]
    public async Task Pruning_has_ten_minutes(string what)
    {
        var arrived = new TaskCompletionSource();
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.NeverAfter(arrived));
        var time = new FakeTimeProvider();
        using var client = new EngineClient(engine.Endpoint, time);

        Task call = what == "volumes" ? client.PruneVolumesAsync(Ct) : client.PruneImagesAsync(Ct);
        await arrived.Task.WaitAsync(Ct);
        time.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(1));
        call.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(1));

        (await Should.ThrowAsync<EngineTimeoutException>(() => call)).Message.ShouldBe(
            $"timeout: the Docker engine did not answer within 600 s (POST /{what}/prune)");
    }

    [Fact]
    public Task An_error_answer_is_an_error() => Refused.ShouldThrowAsync(
        client => client.ListVolumesAsync(Ct),
        client => client.CreateVolumeAsync("v", Ct),
        client => client.RemoveVolumeAsync("v", force: false, Ct),
        client => client.PruneVolumesAsync(Ct));
}
