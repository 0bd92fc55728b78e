using System.Collections.Concurrent;

namespace DockMon.Testing;

/// <summary>The containers of one test. They are removed, with their anonymous volumes, when it ends.</summary>
/// <param name="docker">The engine.</param>
/// <param name="prefix">What their names begin with.</param>
public sealed class TestContainers(DockerCli docker, string prefix) : IAsyncDisposable
{
    private readonly ConcurrentBag<string> _made = [];

    /// <summary>A name nobody else has.</summary>
    public string NewName() => $"{prefix}-{Guid.NewGuid():N}"[..(prefix.Length + 13)];

    /// <summary>Runs a container of the <see cref="TestImage"/> in the background and returns its id, 64 characters.</summary>
    /// <param name="command">What it runs; a shell that waits when empty.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <param name="options">Further options of <c>docker run</c>, such as <c>--label</c>.</param>
    /// <param name="name">Its name; a new one when null.</param>
    public Task<string> RunAsync(IReadOnlyList<string> command, CancellationToken ct, IReadOnlyList<string>? options = null, string? name = null) =>
        MakeAsync(["run", "-d"], command, options, name, ct);

    /// <summary>As <see cref="RunAsync"/>, but the container is not started.</summary>
    public Task<string> CreateAsync(IReadOnlyList<string> command, CancellationToken ct, IReadOnlyList<string>? options = null, string? name = null) =>
        MakeAsync(["create"], command, options, name, ct);

    /// <summary>Has a container (id or name) that something else made removed with the others.</summary>
    public void Own(string container) => _made.Add(container);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_made.IsEmpty)
        {
            // Those that a test removed itself are not missed: -f does not fail for them on newer engines, and older ones only say so.
            await docker.TryRunAsync(["rm", "-f", "-v", .. _made], CancellationToken.None);
        }
    }

    private async Task<string> MakeAsync(
        string[] verb, IReadOnlyList<string> command, IReadOnlyList<string>? options, string? name, CancellationToken ct)
    {
        var container = name ?? NewName();
        _made.Add(container);
        // Shells ignore SIGTERM as process 1: --init and a short stop keep tests quick.
        string[] run = command.Count > 0 ? [.. command] : ["sleep", "3600"];
        var id = (await docker.RunAsync([.. verb, "--init", "--name", container, .. options ?? [], TestImage.Name, .. run], ct)).Trim();
        _made.Add(id); // A test may rename it.
        return id;
    }
}
