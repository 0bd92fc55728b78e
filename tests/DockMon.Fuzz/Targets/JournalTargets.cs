using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DockMon.Agent.Commands.Repeats;
using DockMon.Agent.Compose.Deploy;
using DockMon.Agent.Health;
using DockMon.Agent.SelfUpdate;
using DockMon.Agent.Streams.Events;
using DockMon.Agent.Update.Journal;

namespace DockMon.Fuzz.Targets;

/// <summary>The agent's own files, which a broken disk, or another program with the volume, may have changed.</summary>
internal static class JournalTargets
{
    private static readonly SelfUpdateStore Programs = new("/nonexistent/dockmon-fuzz");

    private static readonly Action<byte[]>[] Readers =
    [
        Typed(UpdateJson.Default.UpdateJournal, journal => _ = journal.IsValid && UpdateStoreKeys(journal)),
        Typed(UpdateJson.Default.AcceptedUpdate, update => _ = update.IsValid),
        Typed(SelfUpdateJson.Default.SelfUpdateState, State),
        Typed(DeploymentJson.Default.DeploymentJournal, _ => { }),
        Typed(KnownJson.Default.KnownFile, file => _ = KnownContainerStore.ById(file.Containers ?? []).Count),
        Typed(HealthJson.Default.HealthAnswer, _ => { }),
        input => _ = RepeatFile.Parse(Encoding.UTF8.GetString(input)),
    ];

    /// <summary>The first byte chooses the file (A is the first), the others are its content.</summary>
    public static void Journals(byte[] input)
    {
        if (input.Length > 0)
        {
            FuzzTarget.TryRead<JsonException>(() => FuzzTarget.Choose(Readers, input[0])(input[1..]));
        }
    }

    private static bool UpdateStoreKeys(UpdateJournal journal) =>
        JsonSerializer.Serialize(journal, UpdateJson.Default.UpdateJournal).Length > 0 && journal.Dependents?.Count >= 0;

    private static void State(SelfUpdateState state)
    {
        foreach (var program in new[] { state.Confirmed, state.Trial?.Program }.OfType<InstalledProgram>())
        {
            FuzzFailure.When(Programs.FindRefusal(program) is null, "a program is trusted that is not there");
        }

        _ = state.Failed("failed").Failure;
    }

    private static Action<byte[]> Typed<T>(JsonTypeInfo<T> type, Action<T> look)
        where T : class => input =>
        {
            if (JsonSerializer.Deserialize(input, type) is { } model)
            {
                look(model);
            }
        };
}
