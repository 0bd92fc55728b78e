using System.Formats.Tar;
using System.Net;
using System.Text.Json.Nodes;
using DockMon.Agent.Commands;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.SelfUpdate.Programs;

/// <summary>Brings the new program into the data folder: out of an image, or from a URL.</summary>
/// <param name="engine">Pulls the image, and makes the container that the program is taken out of.</param>
/// <param name="store">Where the program goes.</param>
/// <param name="owner">Tells this agent's containers from those of another one on the same engine, which may be in the middle of it.</param>
/// <param name="needsSignature">Whether its signature is fetched, too.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class ProgramSource(
    EngineClient engine,
    SelfUpdateStore store,
    string owner,
    bool needsSignature,
    TimeProvider time,
    ILogger logger) : IDisposable
{
    private const string PathInImage = "/app/dockmon-agent";
    private const string SignatureInImage = PathInImage + ".sig";
    private const string Label = "dockmon.agent.self-update";

    private readonly IncomingProgram _incoming = new(store, time);
    private readonly ProgramDownload _download = new(new IncomingProgram(store, time), needsSignature);

    public void Dispose() => _download.Dispose();

    /// <summary>The image to take: the server names its own agent's, and SELF_UPDATE_IMAGE the repository to take instead, with the server's tag.</summary>
    public static string ImageToTake(string asked, string? repository)
    {
        if (repository is null)
        {
            return asked;
        }

        var tag = ImageReference.Parse(asked).TagOrDigest;
        return repository + (tag.Contains(':', StringComparison.Ordinal) ? "@" : ":") + tag;
    }

    /// <inheritdoc cref="ProgramDownload.FetchAsync"/>
    public Task<FetchedProgram> FromUrlAsync(string url, CancellationToken ct) => _download.FetchAsync(url, ct);

    /// <summary>Pulls an image and takes the program out of a container of it, which is never started.</summary>
    public async Task<FetchedProgram> FromImageAsync(string image, CancellationToken ct)
    {
        await RemoveLeftoversAsync(ct);
        if (!await IsThereAsync(image, ct))
        {
            store.Save(store.Read() with { PulledImage = image });
        }

        try
        {
            await foreach (var _ in engine.PullImageAsync(image, username: null, password: null, ct))
            {
                // Only the end matters: the server shows stages.
            }

            return await TakeOutAsync(image, ct);
        }
        finally
        {
            await RemoveImageAsync();
        }
    }

    private async Task<FetchedProgram> TakeOutAsync(string image, CancellationToken ct)
    {
        var body = new JsonObject
        {
            ["Image"] = image, ["Cmd"] = new JsonArray("version"), ["Labels"] = new JsonObject { [Label] = owner },
            ["HostConfig"] = new JsonObject { ["NetworkMode"] = "none" },
        };
        var container = await engine.CreateContainerAsync(body, name: null, ct);
        try
        {
            var sha256 = await ReadFileAsync(container, PathInImage, image, _incoming.WriteAsync, ct) ?? throw NoProgram(image);
            var signature = needsSignature ? await ReadFileAsync(container, SignatureInImage, image, _incoming.ReadSignatureAsync, ct) : null;
            return needsSignature && signature is null
                ? throw new CommandException(
                    $"the program of the image {image} is not signed: it has no {SignatureInImage}, and this agent accepts only signed programs (SELF_UPDATE)")
                : new FetchedProgram(sha256, signature);
        }
        finally
        {
            await RemoveAsync(container);
        }
    }

    /// <summary>Reads a file of a container; null where it has none.</summary>
    private async Task<T?> ReadFileAsync<T>(
        string container,
        string path,
        string image,
        Func<Stream, string, CancellationToken, Task<T>> read,
        CancellationToken ct)
        where T : class
    {
        try
        {
            await using var archive = await engine.GetArchiveAsync(container, path, ct);
            await using var tar = new TarReader(archive);
            while (await _incoming.ReadAsync(tar.GetNextEntryAsync(copyData: false, ct), image, ct) is { } entry)
            {
                if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile && entry.DataStream is { } content)
                {
                    return await read(content, image, ct);
                }
            }
        }
        catch (EngineException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            // The container has no such file.
        }

        return null;
    }

    /// <summary>Removes what an agent that was killed in the middle of this left on the engine.</summary>
    public async Task RemoveLeftoversAsync(CancellationToken ct)
    {
        foreach (var container in await engine.ListContainersAsync(all: true, ct, label: $"{Label}={owner}"))
        {
            await RemoveAsync(container.Id);
        }

        await RemoveImageAsync();
    }

    private static CommandException NoProgram(string image) =>
        new($"the image {image} is not this product: it has no {PathInImage}. Set SELF_UPDATE_IMAGE to the repository of this agent's image, so that "
            + "the server's tag is taken from there");

    private async Task RemoveAsync(string container)
    {
        try
        {
            await engine.RemoveContainerAsync(container, force: true, volumes: true, CancellationToken.None);
        }
        catch (EngineException e)
        {
            Log.LeftBehind(logger, e.Message);
        }
    }

    private async Task<bool> IsThereAsync(string image, CancellationToken ct)
    {
        try
        {
            await engine.InspectImageAsync(image, ct);
            return true;
        }
        catch (EngineException e) when (e.IsMissing)
        {
            return false;
        }
    }

    /// <summary>Removes the image that was not there before. Where that cannot be done now, it is with the next start or self-update.</summary>
    private async Task RemoveImageAsync()
    {
        if (store.Read().PulledImage is not { } image)
        {
            return;
        }

        try
        {
            await engine.RemoveImageAsync(image, force: false, CancellationToken.None);
        }
        catch (EngineException e) when (e.IsMissing || e.StatusCode == HttpStatusCode.Conflict)
        {
            // It is gone, or somebody has made a container of it meanwhile, and it is theirs now.
        }
        catch (EngineException e)
        {
            SelfUpdateLog.NotCleared(logger, $"image {image}: {e.Message}");
            return;
        }

        try
        {
            store.Save(store.Read() with { PulledImage = null });
        }
        catch (CommandException e)
        {
            SelfUpdateLog.NotCleared(logger, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(557, LogLevel.Warning, "A container that a self-update made could not be removed: {Reason}")]
        public static partial void LeftBehind(ILogger logger, string reason);
    }
}
