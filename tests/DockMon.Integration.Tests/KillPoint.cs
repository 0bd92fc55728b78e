namespace DockMon.Integration.Tests;

/// <summary>What is updated when the axe falls.</summary>
internal enum KillShape
{
    /// <summary>A running container, to an image that works.</summary>
    Plain,

    /// <summary>One that Docker removes when it stops.</summary>
    Remove,

    /// <summary>One that Docker removes when it stops, to an image that ends at once: the way back, with a recreated container.</summary>
    RemoveCrash,

    /// <summary>One whose network another container shares.</summary>
    Dependent,

    /// <summary>One that does not run.</summary>
    Stopped,

    /// <summary>A running container, to an image that ends at once: the way back.</summary>
    Crash,

    /// <summary>A running container in two networks, with a restart policy.</summary>
    Connected,
}

/// <summary>An instant of an update at which somebody is killed.</summary>
/// <param name="Name">For the report.</param>
/// <param name="Shape">What is updated.</param>
/// <param name="Reached">Completes at that instant.</param>
/// <param name="Request">The request that is to be under way then, with {name} for the container's name; null where it is no request. A pattern.</param>
/// <param name="Skip">How many requests before it match, too.</param>
internal sealed record KillPoint(string Name, KillShape Shape, Func<KillScene, CancellationToken, Task> Reached, string? Request = null, int Skip = 0)
{
    private const string AnyId = "/containers/[0-9a-f]{64}";

    /// <summary>Every request that changes something: the engine has it, and goes on with it.</summary>
    public static IReadOnlyList<KillPoint> Requests { get; } =
    [
        During("its successor is created", KillShape.Plain, "POST .*/containers/create.*name={name}-dockmon-new-"),
        During("the successor is connected", KillShape.Connected, "POST .*/networks/.*/connect"),
        During("the old one is stopped", KillShape.Plain, "POST .*/stop"),
        During("the old one loses its restart policy", KillShape.Connected, "POST .*/update"),
        During("the old one is renamed", KillShape.Plain, "POST .*/rename.*-dockmon-old-"),
        During("the successor gets the name", KillShape.Plain, "POST .*/rename.name={name}$"),
        During("the successor is started", KillShape.Plain, "POST .*/start"),
        During("the old one is removed", KillShape.Plain, "DELETE .*" + AnyId),
        During("the failed successor is removed", KillShape.Crash, "DELETE .*" + AnyId),
        During("the old one gets its name again", KillShape.Crash, "POST .*/rename.name={name}$", skip: 1),
        During("the old one is started again", KillShape.Crash, "POST .*/start", skip: 1),
        During("one that removed itself is created again", KillShape.RemoveCrash, "POST .*/containers/create.*name={name}-dockmon-old-"),
        During("a dependent's successor is created", KillShape.Dependent, "POST .*/containers/create.*name={name}-side-dockmon-new-"),
        During("a dependent is stopped", KillShape.Dependent, "POST .*/stop", skip: 1),
        During("a dependent is renamed", KillShape.Dependent, "POST .*/rename.name={name}-side-dockmon-old-"),
        During("a dependent's successor is started", KillShape.Dependent, "POST .*/start", skip: 1),
        During("a dependent's old self is removed", KillShape.Dependent, "DELETE .*" + AnyId),
    ];

    /// <summary>Every boundary between two steps, by the agent's journal and by the engine's events.</summary>
    public static IReadOnlyList<KillPoint> Boundaries { get; } =
    [
        new("the answer was sent", KillShape.Plain, (_, _) => Task.CompletedTask),
        new("the journal was opened", KillShape.Plain, Journal("\"Creating\"")),
        new("the successor exists", KillShape.Plain, Event("create", "-dockmon-new-")),
        new("the successor is known", KillShape.Plain, Journal("NewId")),
        new("the swap was begun", KillShape.Plain, Journal("\"Swapping\"")),
        new("the old one is told to stop", KillShape.Plain, Event("kill", "")),
        new("the old one has stopped", KillShape.Plain, Event("die", "")),
        new("the old one was renamed", KillShape.Plain, Event("rename", "-dockmon-old-")),
        new("the successor has the name", KillShape.Plain, Event("rename", "", skip: 0)),
        new("the successor was started", KillShape.Plain, Event("start", "")),
        new("the successor is healthy", KillShape.Plain, Journal("\"Healthy\"")),
        new("the old one was removed", KillShape.Plain, Event("destroy", "-dockmon-old-")),
        new("the journal was closed", KillShape.Plain, JournalClosed),
        new("the swap of a stopped one was begun", KillShape.Stopped, Journal("\"Swapping\"")),
        new("a stopped one was renamed", KillShape.Stopped, Event("rename", "-dockmon-old-")),
        new("the way back was begun", KillShape.Crash, Journal("\"GoingBack\"")),
        new("the failed successor was removed", KillShape.Crash, Event("destroy", "")),
        new("the old one has its name again", KillShape.Crash, Event("rename", "", skip: 1)),
        new("the old one was started again", KillShape.Crash, Event("start", "", skip: 1)),
    ];

    /// <summary>Boundaries only where the daemon is left alone: of containers that die with it.</summary>
    public static IReadOnlyList<KillPoint> AgentBoundaries { get; } =
    [
        new("one that removes itself has stopped", KillShape.Remove, Event("die", "")),
        new("one that removes itself is gone", KillShape.Remove, Event("destroy", "")),
        new("one that removed itself is there again", KillShape.RemoveCrash, Event("create", "-dockmon-old-")),
        new("one that removed itself has its name again", KillShape.RemoveCrash, Event("rename", "", skip: 1)),
        new("a dependent's journal was opened", KillShape.Dependent, Journal("DependentOf")),
        new("a dependent has stopped", KillShape.Dependent, Event("die", "-side")),
        new("a dependent was renamed", KillShape.Dependent, Event("rename", "-side-dockmon-old-")),
        new("a dependent's successor was started", KillShape.Dependent, Event("start", "-side")),
        new("a dependent's old self was removed", KillShape.Dependent, Event("destroy", "-side-dockmon-old-")),
    ];

    /// <summary>Random instants of the seconds that an update takes.</summary>
    public static IEnumerable<KillPoint> Random(int count, int seed, IReadOnlyList<KillShape> shapes)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, count).Select(i =>
        {
            var delay = TimeSpan.FromMilliseconds(random.Next(0, 6000));
            return new KillPoint(
                $"{delay.TotalMilliseconds} ms after the answer",
                shapes[i % shapes.Count],
                (_, ct) => Task.Delay(delay, TimeProvider.System, ct));
        }).ToList();
    }

    /// <summary>Some of those requests, each with a little time that passes before the axe falls.</summary>
    public static IReadOnlyList<KillPoint> Aimed(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (Point: Requests[random.Next(Requests.Count)], Delay: TimeSpan.FromMilliseconds(random.Next(0, 40))))
            .Select(aim => aim.Point with { Reached = (_, ct) => Task.Delay(aim.Delay, TimeProvider.System, ct) })];
    }

    private static KillPoint During(string name, KillShape shape, string request, int skip = 0) =>
        new(name, shape, (_, _) => Task.CompletedTask, request, skip);

    private static Func<KillScene, CancellationToken, Task> Journal(string text) =>
        (scene, ct) => KillScene.WatchAsync(
            $"a journal says {text}",
            () => scene.Journals().Any(journal => journal.Contains(text, StringComparison.Ordinal)),
            ct);

    private static Task JournalClosed(KillScene scene, CancellationToken ct)
    {
        var opened = false;
        return KillScene.WatchAsync("a journal was opened and closed", () => scene.Journals().Count > 0 ? !(opened = true) : opened, ct);
    }

    /// <summary>An event of the container whose name is the scene's with <paramref name="suffix"/>, the first after <paramref name="skip"/> others.</summary>
    private static Func<KillScene, CancellationToken, Task> Event(string action, string suffix, int skip = 0) =>
        (scene, ct) => KillScene.WatchAsync(
            $"there is an event {action} of {scene.Name}{suffix}",
            () => scene.Events().Count(line => line == $"{action} {scene.Name}{suffix}"
                || (suffix.EndsWith('-') && line.StartsWith($"{action} {scene.Name}{suffix}", StringComparison.Ordinal))) > skip,
            ct);
}
