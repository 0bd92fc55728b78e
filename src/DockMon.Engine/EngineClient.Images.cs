using System.Runtime.CompilerServices;
using System.Text.Json;

namespace DockMon.Engine;

public sealed partial class EngineClient
{
    /// <summary>How long a pull may go without a byte.</summary>
    public static readonly TimeSpan PullSilenceLimit = TimeSpan.FromMinutes(5);

    /// <summary>Docker's list of images, as it is.</summary>
    public Task<byte[]> ListImagesRawAsync(CancellationToken ct) => GetRawAsync("/images/json", ct);

    /// <summary>Docker's inspect object of an image, as it is.</summary>
    public Task<byte[]> InspectImageRawAsync(string id, CancellationToken ct) => GetRawAsync($"/images/{EscapeReference(id)}/json", ct);

    /// <summary>Removes an image.</summary>
    public Task RemoveImageAsync(string id, bool force, CancellationToken ct) => DeleteAsync($"/images/{EscapeReference(id)}?force={(force ? 1 : 0)}", ct, RemoveLimit);

    /// <summary>Pulls an image and reports how it gets on, until it is there.</summary>
    /// <param name="reference">The image, with tag or digest; <c>latest</c> when it has neither.</param>
    /// <param name="username">User at the registry, if it wants one.</param>
    /// <param name="password">Password or token.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="EngineException">The engine or the registry said no, or the stream was cut short.</exception>
    /// <exception cref="EngineTimeoutException">Not a byte came for <see cref="PullSilenceLimit"/>.</exception>
    public async IAsyncEnumerable<PullProgress> PullImageAsync(string reference, string? username, string? password, [EnumeratorCancellation] CancellationToken ct)
    {
        var (name, tag) = SplitReference(reference);
        using var silence = new CancellationTokenSource(PullSilenceLimit, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, silence.Token);
        var opened = await GuardAsync(OpenStreamAsync(HttpMethod.Post, $"/images/create?fromImage={Uri.EscapeDataString(name)}&tag={Uri.EscapeDataString(tag)}", default, RegistryAuth(username, password), both.Token)).ConfigureAwait(false);
        await using (opened.ConfigureAwait(false))
        {
            var done = false;
            var documents = JsonDocuments.ReadAsync(opened.Stream, both.Token).GetAsyncEnumerator(CancellationToken.None);
            await using (documents.ConfigureAwait(false))
            {
                while (await GuardAsync(documents.MoveNextAsync().AsTask()).ConfigureAwait(false))
                {
                    silence.CancelAfter(PullSilenceLimit);
                    var message = Deserialize(documents.Current.Span, EngineJson.Default.PullMessage);
                    if (message.Error is { } error)
                    {
                        throw new EngineException(error);
                    }

                    done |= message.Status?.StartsWith("Status: ", StringComparison.Ordinal) == true || message.Status?.StartsWith("Digest: ", StringComparison.Ordinal) == true;
                    // Podman names the image it pulled instead.
                    done |= message.Images is { Count: > 0 };
                    yield return new PullProgress(message.Id, message.Status ?? message.Stream ?? "", message.ProgressDetail?.Current ?? 0, message.ProgressDetail?.Total ?? 0);
                }
            }

            if (!done)
            {
                throw new EngineException($"the pull of {reference} was cut short: the engine closed the stream before it was done");
            }
        }

        async Task<T> GuardAsync<T>(Task<T> task)
        {
            try
            {
                return await task.ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (silence.IsCancellationRequested && !ct.IsCancellationRequested)
            {
                throw new EngineTimeoutException($"the pull of {reference} stalled: nothing came for {PullSilenceLimit.TotalMinutes:0} minutes");
            }
        }
    }

    /// <summary>Splits a reference into what Docker's API calls <c>fromImage</c> and <c>tag</c>; a digest is a tag to it.</summary>
    public static (string Name, string Tag) SplitReference(string reference)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reference);
        if (reference.IndexOf('@', StringComparison.Ordinal) is var at and > 0)
        {
            return (StripTag(reference[..at]), reference[(at + 1)..]);
        }

        var name = StripTag(reference);
        return (name, name.Length == reference.Length ? "latest" : reference[(name.Length + 1)..]);
    }

    // A colon before the last slash is a registry's port.
    private static string StripTag(string reference) =>
        reference.LastIndexOf(':') is var colon and > 0 && colon > reference.LastIndexOf('/') ? reference[..colon] : reference;

    private static string EscapeReference(string reference) => Escape(reference).Replace("%2F", "/", StringComparison.Ordinal).Replace("%3A", ":", StringComparison.Ordinal);

    private static string? RegistryAuth(string? username, string? password)
    {
        if (string.IsNullOrEmpty(username))
        {
            return null;
        }

        var json = JsonSerializer.SerializeToUtf8Bytes(new AuthConfig { Username = username, Password = password ?? "" }, EngineJson.Default.AuthConfig);
        return Convert.ToBase64String(json).Replace('+', '-').Replace('/', '_');
    }
}
