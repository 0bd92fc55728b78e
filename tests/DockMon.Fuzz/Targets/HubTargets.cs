using System.Text;
using System.Text.Json;
using DockMon.Hub.Agents;
using DockMon.Hub.Agents.Admission;
using DockMon.Hub.Api.Feeds;
using DockMon.Hub.History.Live;
using DockMon.Hub.Storage.Tables;
using Microsoft.Extensions.DependencyInjection;

namespace DockMon.Fuzz.Targets;

/// <summary>What agents, and whoever connects in their place, send to a hub.</summary>
internal static class HubTargets
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The first frame of a socket. TOKEN stands for a token that the hub knows.</summary>
    public static void Registration(byte[] input)
    {
        if (TextOf(input) is not { } text)
        {
            return;
        }

        var hub = FuzzedHub.Instance;
        text = text.Replace("TOKEN", hub.AgentToken, StringComparison.Ordinal);
        FuzzTarget.TryRead<RegistrationException>(() =>
        {
            var (host, token) = hub.Services.GetRequiredService<Registrar>().RegisterAsync(Encoding.UTF8.GetBytes(text), CancellationToken.None).Ended();
            FuzzFailure.When(host.Id != hub.HostId || token != hub.AgentToken, "a frame registers as another host, or gets another token");
            FuzzFailure.When(host.Hostname.Length > 1024, "a name over the limit is kept");
        });
    }

    /// <summary>A frame of a registered agent: it is dropped or handled, and what viewers get of it is one event of one line each.</summary>
    public static void Frame(byte[] input)
    {
        if (TextOf(input) is null)
        {
            return;
        }

        var hub = FuzzedHub.Instance;
        var feed = hub.Services.GetRequiredService<EventFeed>();
        var listener = feed.Listen(lastId: null);
        try
        {
            hub.Services.GetRequiredService<AgentMessages>().HandleFrameAsync(hub.Session, input, CancellationToken.None).AsTask().Ended();
            while (listener.TryTake(out var item))
            {
                CheckEvent(item);
            }
        }
        finally
        {
            feed.Leave(listener);
        }
    }

    /// <summary>A sample; the first byte chooses whether of a container or of the host (A is the first). What is shown of it is JSON.</summary>
    public static void Sample(byte[] input)
    {
        if (input.Length == 0 || TextOf(input[1..]) is null)
        {
            return;
        }

        var samples = FuzzedHub.Instance.Services.GetRequiredService<LiveSamples>();
        try
        {
            samples.Add("fuzzed", input.AsSpan(1), isHost: FuzzTarget.Choose([false, true], input[0]));
            var (own, containers) = samples.Latest("fuzzed");
            FuzzFailure.When(own is { ValueKind: not JsonValueKind.Object }, "the host's sample is no object");
            foreach (var (id, sample) in containers)
            {
                FuzzFailure.When(id.Length is 0 or > SampleReader.MostId, "a container has no id, or one over the limit");
                using var whole = JsonDocument.Parse(sample.GetRawText());
                _ = samples.Recent("fuzzed", id);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // As it is documented.
        }
        finally
        {
            samples.Forget("fuzzed");
        }
    }

    /// <summary>As a WebSocket does, which closes on anything else.</summary>
    private static string? TextOf(byte[] input)
    {
        try
        {
            return Strict.GetString(input);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static void CheckEvent(FeedItem item)
    {
        var lines = Encoding.UTF8.GetString(item.Text).Split('\n');
        FuzzFailure.When(lines is not [['i', 'd', ':', ..], ['e', 'v', 'e', 'n', 't', ':', ..], ['d', 'a', 't', 'a', ':', ..], "", ""], "it is not one event");
        FuzzFailure.When(lines[2].Contains('\r', StringComparison.Ordinal), "its data ends in the middle");
        FuzzFailure.When(!FeedNames.OfAgents.Contains(item.Name) && item.Name != FeedNames.HostStats, $"{item.Name} is no event of an agent");
        using var data = JsonDocument.Parse(lines[2][5..]);
        FuzzFailure.When(data.RootElement.GetProperty("host_id").GetString() != FuzzedHub.Instance.HostId, "it is another host's");
    }
}
