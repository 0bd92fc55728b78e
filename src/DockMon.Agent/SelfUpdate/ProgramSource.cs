using System.Formats.Tar;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using DockMon.Agent.Commands;
using DockMon.Agent.Connection;
using DockMon.Agent.Storage;
using DockMon.Engine;
using Microsoft.Extensions.Logging;

namespace DockMon.Agent.SelfUpdate;

/// <summary>Brings the new program into the data folder: out of an image, or from a URL.</summary>
/// <param name="engine">Pulls the image, and makes the container that the program is taken out of.</param>
/// <param name="store">Where the program goes.</param>
/// <param name="owner">Tells this agent's containers from those of another one on the same engine, which may be in the middle of it.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed partial class ProgramSource(EngineClient engine, SelfUpdateStore store, string owner, TimeProvider time, ILogger logger) : IDisposable
{
    private const string PathInImage = "/app/dockmon-agent";
    private const string Label = "dockmon.agent.self-update";
    private const long LongestProgram = 256 * 1024 * 1024;

    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);

    private readonly HttpClient _http = new(new SocketsHttpHandler()) { Timeout = Timeout.InfiniteTimeSpan };

    public void Dispose() => _http.Dispose();

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

    /// <summary>Pulls an image and takes the program out of a container of it, which is never started.</summary>
    /// <returns>Checksum of the program, hexadecimal.</returns>
    public async Task<string> FromImageAsync(string image, CancellationToken ct)
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

    private async Task<string> TakeOutAsync(string image, CancellationToken ct)
    {
        var body = new JsonObject
        {
            ["Image"] = image, ["Cmd"] = new JsonArray("version"), ["Labels"] = new JsonObject { [Label] = owner },
            ["HostConfig"] = new JsonObject { ["NetworkMode"] = "none" },
        };
        var container = await engine.CreateContainerAsync(body, name: null, ct);
        try
        {
            await using var archive = await engine.GetArchiveAsync(container, PathInImage, ct);
            await using var tar = new TarReader(archive);
            while (await ReadAsync(tar.GetNextEntryAsync(copyData: false, ct), image, ct) is { } entry)
            {
                if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile && entry.DataStream is { } program)
                {
                    return await WriteAsync(program, image, ct);
                }
            }

            throw NoProgram(image);
        }
        catch (EngineException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            throw NoProgram(image);
        }
        finally
        {
            await RemoveAsync(container);
        }
    }

    /// <summary>Downloads the program.</summary>
    /// <returns>Its checksum, hexadecimal.</returns>
    public async Task<string> FromUrlAsync(string url, CancellationToken ct)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("https" or "http"))
        {
            throw new CommandException("binary_url is no http or https address");
        }

        // It may hold a user and a password, and its query a token.
        var source = UserInfo.Remove(address.GetLeftPart(UriPartial.Path));
        try
        {
            using var response = await _http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, ct).WaitAsync(Silence, time, ct);
            if (!response.IsSuccessStatusCode)
            {
                throw new CommandException($"the download of {source} was answered with {(int)response.StatusCode} {response.ReasonPhrase}");
            }

            await using var body = await response.Content.ReadAsStreamAsync(ct);
            return await WriteAsync(body, source, ct);
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException)
        {
            throw new CommandException($"the download of {source} failed: {Reason(e)}; check the address, and the proxy's variables if there are any");
        }
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

    /// <summary>Waits for what comes, and says so when it does not.</summary>
    private async Task<T> ReadAsync<T>(ValueTask<T> reading, string source, CancellationToken ct)
    {
        try
        {
            return await reading.AsTask().WaitAsync(Silence, time, ct);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or TimeoutException)
        {
            throw new CommandException($"the new program broke off on its way out of {source}: {Reason(e)}; this version works on, ask for the update again");
        }
    }

    private static string Reason(Exception e) =>
        e is TimeoutException ? $"nothing came for {Silence.TotalSeconds:0} s (timeout)" : UserInfo.Remove(e.GetBaseException().Message);

    private async Task<string> WriteAsync(Stream program, string source, CancellationToken ct)
    {
        var path = store.IncomingPath;
        try
        {
            PrivateFolder.Make(Path.GetDirectoryName(path)!);
            File.Delete(path);
            var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0, Options = FileOptions.Asynchronous,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            });
            await using (file)
            {
                using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                var buffer = new byte[128 * 1024];
                while (await ReadAsync(program.ReadAsync(buffer, ct), source, ct) is > 0 and var count)
                {
                    hash.AppendData(buffer, 0, count);
                    await file.WriteAsync(buffer.AsMemory(0, count), ct);
                    if (file.Position > LongestProgram)
                    {
                        throw new CommandException($"what comes is longer than {LongestProgram / 1024 / 1024} MiB and is no agent");
                    }
                }

                file.Flush(flushToDisk: true);
                return Convert.ToHexStringLower(hash.GetHashAndReset());
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"the new program cannot be written to {store.Folder}: {StorageAdvice.Describe(e, store.Folder)}");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(557, LogLevel.Warning, "A container that a self-update made could not be removed: {Reason}")]
        public static partial void LeftBehind(ILogger logger, string reason);
    }
}
