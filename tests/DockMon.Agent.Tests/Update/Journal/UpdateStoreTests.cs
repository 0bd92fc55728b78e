using System.Text.Json;
using System.Text.Json.Nodes;
using DockMon.Agent.Commands;
using DockMon.Agent.Update.Journal;
using DockMon.Agent.Update.Steps;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Update.Journal;

public sealed class UpdateStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Updates => Path.Combine(_folder.Path, "updates");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_journal_comes_back_as_it_was_written()
    {
        var store = Store();
        var journal = Journal() with { Dependents = [new Dependent(new string('b', 64), "side", WasRunning: true)] };
        store.Save(journal);
        Text(store.Read().Single()).ShouldBe(Text(journal));
    }

    [Fact]
    public void Where_nothing_can_be_written_there_are_none_and_none_is_taken()
    {
        var file = Path.Combine(_folder.Path, "file");
        File.WriteAllText(file, "");
        var store = new UpdateStore(file, TimeProvider.System, NullLogger<UpdateStore>.Instance);
        store.Read().ShouldBeEmpty();
        store.Has(new string('a', 64)).ShouldBeFalse();
        Should.Throw<CommandException>(() => store.Save(Journal())).Message.ShouldContain("cannot write to");
    }

    [Fact]
    public void A_journal_that_cannot_be_read_or_set_aside_stops_no_start_and_hides_no_other()
    {
        var store = Store();
        store.Save(Journal());
        File.CreateSymbolicLink(Path.Combine(Updates, "loop.json"), "loop.json");
        File.WriteAllText(Path.Combine(Updates, "x.json"), "{");
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(Updates, "x.json.unreadable")).FullName, "file"), "");
        store.Read().ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{\"Step\":")]
    [InlineData("""{"ContainerId":"c","OldId":null,"Name":"n","TemporaryName":"t","BackupName":"b"}""")]
    [InlineData("""{"ContainerId":"c","OldId":"../x","Name":"n","TemporaryName":"t","BackupName":"b"}""")]
    public void What_is_no_journal_is_set_aside(string content)
    {
        var store = Store();
        File.WriteAllText(Path.Combine(Updates, "x.json"), content);
        store.Read().ShouldBeEmpty();
        File.Exists(Path.Combine(Updates, "x.json.unreadable")).ShouldBeTrue();
    }

    [Fact]
    public void A_journal_that_is_gone_when_it_is_to_be_read_has_ended()
    {
        var store = Store();
        store.Save(Journal());
        File.CreateSymbolicLink(Path.Combine(Updates, "gone.json"), Path.Combine(Updates, "nowhere"));
        store.Read().Single().Name.ShouldBe("web");
    }

    [Fact]
    public void An_accepted_update_is_kept_until_it_has_a_journal()
    {
        var store = Store();
        var accepted = new AcceptedUpdate(new string('a', 64), "web", "aaaaaaaaaaaa");
        store.Accept(accepted);
        Store().Accepted().ShouldBe([accepted]);
        store.IsAccepted(accepted.Id).ShouldBeTrue();
        store.NoLongerAccepted(accepted.Id, accepted.Name);
        Store().Accepted().ShouldBeEmpty();
    }

    [Fact]
    public void An_ended_update_is_no_running_one_and_stays_until_it_was_checked()
    {
        var store = Store();
        var journal = store.Open(Journal());
        store.End(journal);
        store.Read().ShouldBeEmpty();
        var ended = Store().Ended().ShouldHaveSingleItem();
        ended.EndedAt.ShouldNotBeNull();
        store.IsStillEnded(ended).ShouldBeTrue();
        store.Close(ended);
        store.HasEnded(journal.OldId).ShouldBeFalse();
    }

    [Fact]
    public void A_new_update_of_a_container_takes_the_place_of_the_ended_one()
    {
        var store = Store();
        store.End(store.Open(Journal()));
        var ended = store.Ended().Single();
        store.Open(Journal());
        store.HasEnded(ended.OldId).ShouldBeFalse();
        store.IsStillEnded(ended).ShouldBeFalse();
    }

    private static string Text(UpdateJournal journal) => JsonSerializer.Serialize(journal, UpdateJson.Default.UpdateJournal);

    private UpdateStore Store() => new(_folder.Path, TimeProvider.System, NullLogger<UpdateStore>.Instance);

    private static UpdateJournal Journal() => UpdateJournal.Open(
        "web", JsonNode.Parse($$"""{"Id":"{{new string('a', 64)}}","Name":"/web","State":{"Running":true},"HostConfig":{"RestartPolicy":"""
        + $$"""{"Name":"always"} } }""")!.AsObject(), stopTimeout: 10, healthTimeout: 60);
}
