using System.Text.Json;
using DockMon.Agent.Streams.Events;
using DockMon.Engine;
using DockMon.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.Events;

public sealed class KnownContainerStoreTests : IDisposable
{
    private static readonly EngineInfo Engine = new() { Id = "ENGINE:1", Name = "host" };

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();
    private readonly LogCapture _log = new();
    private readonly ContainerTracker _tracker = new();

    private string FilePath => _folder.File("containers.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_very_first_start_knows_nothing()
    {
        var store = Open();
        store.Past.ShouldBeNull();
        store.Opened.ShouldBe(7);
        _log.Lines.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_ran_at_the_end_is_known_to_the_next_start()
    {
        Start("c1", "web");
        var store = Open(opened: 7);
        store.Begin();
        store.EventHandled(40);
        store.EventHandled(30);
        await RunToEndAsync(store);
        File.GetUnixFileMode(FilePath).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var past = Open(opened: 50).Past.ShouldNotBeNull();
        past.LastEvent.ShouldBe(40);
        past.Containers["c1"].ShouldBe(new RunningContainer("c1", "web", "image"));
    }

    [Theory]
    [InlineData("""{"engine_id":"ENGINE:1","host":"host","last_event":1,"containers":[{"id":"a","name":null,"image":"i"}]}""")]
    [InlineData("""{"engine_id":"ENGINE:1","host":"host","last_event":1,"containers":[{"id":"a"}]}""")]
    public void A_container_without_a_name_in_the_file_has_an_empty_one(string content)
    {
        _folder.Write("containers.json", content);
        Open().Past.ShouldNotBeNull().Containers["a"].Name.ShouldBe("");
    }

    [Fact]
    public async Task A_change_is_written_after_a_while_and_many_changes_at_once()
    {
        using var stop = new CancellationTokenSource();
        var store = Open();
        store.Begin();
        var running = store.RunAsync(stop.Token);
        await WrittenAsync(() => true);
        for (var i = 0; i < 5; i++)
        {
            Start($"c{i}", "web");
        }

        await WrittenAsync(() => Kept().Count == 5);
        _tracker.Apply(new EngineEvent { Type = "container", Action = "die", ActorId = "c3" });
        await WrittenAsync(() => Kept().Count == 4);
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task What_was_not_told_yet_is_not_overwritten_by_an_early_end()
    {
        Write("""{"engine_id":"ENGINE:1","host":"host","last_event":5,"containers":[{"id":"old","name":"n","image":"i"}]}""");
        var store = Open();
        await RunToEndAsync(store);
        Open().Past.ShouldNotBeNull().Containers.Keys.ShouldContain("old");
    }

    [Theory]
    [InlineData("ENGINE:1", "another", true)]
    [InlineData("ANOTHER", "host", true)]
    [InlineData("ANOTHER", "another", false)]
    public void What_was_known_counts_for_the_same_engine_by_id_or_by_host(string id, string host, bool counts)
    {
        Write($$"""{"engine_id":"{{id}}","host":"{{host}}","last_event":5,"containers":[]}""");
        (Open().Past is not null).ShouldBe(counts);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"engine_id":"ENGINE:1","host":"host","last_event":"soon","containers":[]}""")]
    public void A_damaged_file_is_told_of_and_counts_as_none(string content)
    {
        Write(content);
        Open().Past.ShouldBeNull();
        _log.Lines.ShouldHaveSingleItem().ShouldContain("containers.json cannot be read");
    }

    [Theory]
    [InlineData("null", 0)]
    [InlineData("[]", 0)]
    [InlineData("[null]", 0)]
    [InlineData("""[{"id":"","name":"n","image":"i"},{"id":null,"name":"n","image":"i"}]""", 0)]
    [InlineData("""[{"id":"a","name":"n","image":"i"},{"id":"a","name":"m","image":"i"}]""", 1)]
    public void Entries_that_name_no_container_or_one_twice_do_no_harm(string containers, int count)
    {
        Write($$"""{"engine_id":"ENGINE:1","host":"host","last_event":5,"containers":{{containers}}}""");
        Open().Past.ShouldNotBeNull().Containers.Count.ShouldBe(count);
    }

    [Fact]
    public async Task Names_are_kept_up_to_a_length()
    {
        Start("c1", new string('n', 5000));
        var store = Open();
        store.Begin();
        await RunToEndAsync(store);
        Kept().Single().GetProperty("name").GetString()!.Length.ShouldBe(300);
    }

    [Fact]
    public async Task A_directory_that_takes_no_file_is_told_of_once()
    {
        var store = new KnownContainerStore(_folder.File("missing"), _tracker, _time, _log.CreateLogger<KnownContainerStore>());
        store.Open(Engine, 7);
        store.Begin();
        await RunToEndAsync(store);
        await RunToEndAsync(store);
        _log.Lines.Count(line => line.Contains("cannot be written", StringComparison.Ordinal)).ShouldBeInRange(1, 2);
        _log.Text.ShouldContain("will not be told");
    }

    private static async Task RunToEndAsync(KnownContainerStore store)
    {
        using var stop = new CancellationTokenSource();
        var running = store.RunAsync(stop.Token);
        await stop.CancelAsync();
        await running;
    }

    private void Write(string content) => File.WriteAllText(FilePath, content);

    private List<JsonElement> Kept() =>
        File.Exists(FilePath) ? [.. JsonElement.Parse(File.ReadAllText(FilePath)).GetProperty("containers").EnumerateArray()] : [];

    private Task WrittenAsync(Func<bool> condition) => Retry.UntilAsync(
        "the file is written",
        () =>
        {
            _time.Advance(KnownContainerStore.Interval);
            return File.Exists(FilePath) && condition();
        },
        ct: TestContext.Current.CancellationToken);

    private void Start(string id, string name) =>
        _tracker.Apply(new EngineEvent { Type = "container", Action = "start", ActorId = id, Attributes = new() { ["name"] = name, ["image"] = "image" } });

    private KnownContainerStore Open(long opened = 7)
    {
        var store = new KnownContainerStore(_folder.Path, _tracker, _time, _log.CreateLogger<KnownContainerStore>());
        store.Open(Engine, opened);
        return store;
    }
}
