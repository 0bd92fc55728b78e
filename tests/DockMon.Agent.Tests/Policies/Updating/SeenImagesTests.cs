using DockMon.Agent.Commands;
using DockMon.Agent.Policies.Updating;
using DockMon.Testing;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies.Updating;

public sealed class SeenImagesTests : IDisposable
{
    private static readonly string Id = "sha256:" + new string('a', 64);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 30, 8, 0, 0, TimeSpan.Zero));
    private readonly TemporaryFolder _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public void An_image_was_seen_when_it_was_seen_first_whoever_asks()
    {
        var first = Seen.See(Id);
        first.ShouldBe(_time.GetUtcNow());
        _time.Advance(TimeSpan.FromDays(3));
        Seen.See(Id).ShouldBe(first);
        Seen.See(Id.Split(':')[1]).ShouldBe(first);
        Seen.See(Id.Replace('a', 'b')).ShouldBe(_time.GetUtcNow());
    }

    [Theory]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("2030-01-01T00:00:00Z")]
    public void A_time_that_cannot_be_is_as_if_it_had_never_been_seen(string text)
    {
        Seen.See(Id);
        File.WriteAllText(Path.Combine(_data.Path, "images", new string('a', 64)), text);
        Seen.See(Id).ShouldBe(_time.GetUtcNow());
    }

    [Fact]
    public void So_many_are_remembered_and_the_newest()
    {
        for (var i = 0; i <= SeenImages.Limit; i++)
        {
            Seen.See(i.ToString("x64", null));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Directory.GetFiles(Path.Combine(_data.Path, "images")).Length.ShouldBe(SeenImages.Limit);
        File.Exists(Path.Combine(_data.Path, "images", 0.ToString("x64", null))).ShouldBeFalse();
    }

    [Fact]
    public void What_cannot_be_kept_is_said()
    {
        File.WriteAllText(Path.Combine(_data.Path, "images"), "");
        Should.Throw<CommandException>(() => Seen.See(Id)).Message.ShouldContain("cannot be kept");
        Should.Throw<CommandException>(() => Seen.See("sha256:../../x")).Message.ShouldContain("no id");
    }

    private SeenImages Seen => new(_data.Path, _time);
}
