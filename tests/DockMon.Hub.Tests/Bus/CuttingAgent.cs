using System.Text.Json;
using DockMon.Protocol;

namespace DockMon.Hub.Tests.Bus;

/// <summary>
/// An agent that remembers what it was asked, and that loses its connection again and again: before it does something, before it answers, or after that.
/// It comes back to any of the hubs.
/// </summary>
/// <param name="hubs">The hubs.</param>
/// <param name="agent">Its first connection, which says that it remembers.</param>
/// <param name="seed">Of where it is cut.</param>
internal sealed class CuttingAgent(IReadOnlyList<HubFixture> hubs, FakeAgent agent, int seed)
{
    private const int MostCuts = 3;

    private readonly Random _random = new(seed);
    private readonly Dictionary<string, string> _answers = [];
    private readonly Dictionary<string, int> _cutsOf = [];

    public string HostId => agent.HostId;

    /// <summary>How often it did what it was asked for, by the name in the request.</summary>
    public Dictionary<string, int> Executions { get; } = [];

    public int Cuts { get; private set; }

    public async Task RunAsync(CancellationToken ct)
    {
        var session = agent;
        try
        {
            while (true)
            {
                while (await TakeAsync(session, await session.ReadFrameAsync(ct), ct))
                {
                }

                session.Socket.Abort();
                Cuts++;
                session = await hubs[_random.Next(hubs.Count)].ReconnectAsync(agent, ct, ExtensionNames.CommandIds);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Nobody asks any more.
        }
    }

    /// <returns>Whether the connection is kept.</returns>
    private async Task<bool> TakeAsync(FakeAgent session, JsonElement request, CancellationToken ct)
    {
        var (id, name) = (request.GetProperty("id").GetString()!, request.GetProperty("payload").GetProperty("name").GetString()!);
        var cut = _cutsOf.GetValueOrDefault(name) < MostCuts ? _random.Next(5) : 5;
        _cutsOf[name] = _cutsOf.GetValueOrDefault(name) + 1;
        if (cut == 0)
        {
            return false;
        }

        if (!_answers.TryGetValue(id, out var answer))
        {
            Executions[name] = Executions.GetValueOrDefault(name) + 1;
            _answers[id] = answer = $$"""{"name":"{{name}}"}""";
        }

        if (cut == 1)
        {
            return false;
        }

        await session.AnswerAsync(request, answer, ct);
        return cut != 2;
    }
}
