using System.Net.WebSockets;
using System.Text;
using DockMon.Agent.Connection;
using DockMon.Agent.Delivery;
using DockMon.Agent.Threading;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection;

public sealed class ToldOnceTests
{
    private const int Cuts = 100;
    private const int Events = 1000;
    private const int Completions = 200;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(null)]
    public async Task Over_a_hundred_cut_connections_nothing_is_lost_and_what_comes_twice_was_not_confirmed(int? given)
    {
        var seed = given ?? Random.Shared.Next();
        var random = new Random(seed);
        using var folder = new TemporaryFolder();
        var time = new FakeTimeProvider();
        var outbound = new Outbound(new Outbox(folder.Path), time, NullLogger<Outbound>.Instance);
        var links = new List<CutLink>();
        while (links.Count < Cuts || outbound.HasPending)
        {
            links.Count.ShouldBeLessThan(Cuts + 50, $"seed {seed}: it comes to no end");
            var posting = links.Count < Cuts ? PostAsync(outbound, links.Count) : Task.CompletedTask;
            var link = new CutLink(links.Count < Cuts ? AnyCut(random) : null);
            links.Add(link);
            await ConnectAsync(link, outbound, posting, time);
        }

        var told = links.SelectMany(Told).ToLookup(frame => frame.Text, frame => frame.Confirmed);
        told.Count.ShouldBe(Events + Completions, $"seed {seed}: something was lost");
        var repeated = told.Where(times => times.SkipLast(1).Any(confirmed => confirmed)).Select(times => times.Key).ToList();
        repeated.ShouldBeEmpty($"seed {seed}: sent again although the answer to the ping after it had come");
        told.Any(times => times.Count() > 1).ShouldBeTrue($"seed {seed}: no cut came between a frame and its confirmation");
        Directory.GetFiles(Path.Combine(folder.Path, "outbox")).ShouldBeEmpty($"seed {seed}");
    }

    private static Cut AnyCut(Random random)
    {
        var (up, down) = (random.Next(350), random.Next(40));
        return random.Next(3) switch
        {
            0 => new Cut(up, long.MaxValue, Silent: random.Next(2) == 0),
            1 => new Cut(long.MaxValue, down, Silent: random.Next(2) == 0),
            _ => new Cut(up, down, Silent: false),
        };
    }

    /// <summary>What is told during one connection, from several threads.</summary>
    private static Task PostAsync(Outbound outbound, int connection) =>
        Task.WhenAll(
            Task.Run(() => Post(outbound.PostEvent, "event", connection * 2, Events / Cuts / 2)),
            Task.Run(() => Post(outbound.PostEvent, "event", (connection * 2) + 1, Events / Cuts / 2)),
            Task.Run(() => Post(outbound.PostCompletion, "completion", connection, Completions / Cuts)));

    private static void Post(Action<byte[]> post, string what, int part, int count)
    {
        for (var i = 0; i < count; i++)
        {
            post(Encoding.UTF8.GetBytes($"{what} {(part * count) + i}"));
        }
    }

    /// <summary>One connection: to its cut, or until all is delivered.</summary>
    private static async Task ConnectAsync(CutLink link, Outbound outbound, Task posting, FakeTimeProvider time)
    {
        var stream = new GatheringStream(link);
        var options = new WebSocketCreationOptions { KeepAliveInterval = Timeout.InfiniteTimeSpan };
        var socket = new ServerSocket(WebSocket.CreateFromStream(stream, options), stream, new OwnTokens());
        var (connection, _) = await ServerConnection.RegisterAsync(socket, LinkFixture.Describe("token"), time, NullLogger.Instance, Token);
        using (connection)
        {
            outbound.Reset();
            using var stop = new CancellationTokenSource();
            var running = connection.RunAsync(_ => { }, outbound, () => Task.CompletedTask, new AsyncSignal(), stop.Token);
            for (var sinceCut = 0; !running.IsCompleted; sinceCut += link.IsCut ? 1 : 0)
            {
                // A silent link breaks soon, or all hundred of them would be waited for as long as it takes to be sure that they are dead.
                if (sinceCut > 5 || (posting.IsCompleted && !outbound.HasPending && !outbound.Unconfirmed.Any))
                {
                    link.Break();
                }

                time.Advance(TimeSpan.FromSeconds(1));
                await Task.WhenAny(running, Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, Token));
            }

            await running;
            await posting;
        }
    }

    /// <summary>What arrived, and whether the agent has read the answer to a ping after it.</summary>
    private static IEnumerable<(string Text, bool Confirmed)> Told(CutLink link)
    {
        var read = link.BytesRead;
        for (var i = 0; i < link.Log.Count; i++)
        {
            if (link.Log[i].Text is { } text)
            {
                yield return (text, link.Log.Skip(i).Any(entry => entry.Text is null && entry.PongEnd <= read));
            }
        }
    }
}
