using System.Net;
using DockMon.Agent.Commands;
using DockMon.Agent.Connection;

namespace DockMon.Agent.SelfUpdate.Programs;

/// <summary>
/// Downloads the new program from a URL, and its signature from that URL with <c>.sig</c>. Redirects are followed, to other hosts as well (where releases
/// are kept, files come from another one), but never from https to http: what comes is judged by its checksum and its signature, and not by its sender.
/// </summary>
/// <param name="incoming">Takes in what comes.</param>
/// <param name="needsSignature">Whether a signature is needed; then every address must be https, except on this machine.</param>
internal sealed class ProgramDownload(IncomingProgram incoming, bool needsSignature) : IDisposable
{
    private const string SignatureSuffix = ".sig";
    private const int MostRedirects = 10;

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = Timeout.InfiniteTimeSpan };

    public void Dispose() => _http.Dispose();

    /// <summary>Downloads the program into the data folder; not even begun when it has no signature and needs one.</summary>
    public async Task<FetchedProgram> FetchAsync(string url, CancellationToken ct)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || !IsWeb(address))
        {
            throw new CommandException("binary_url is no http or https address");
        }

        EnsureSecure(address, "binary_url", needsSignature);
        var signature = needsSignature ? await GetAsync(SignatureOf(address), incoming.ReadSignatureAsync, ct) : null;
        if (needsSignature && signature is null)
        {
            throw new CommandException(
                $"the program is not signed: there is no {Shown(SignatureOf(address))}, and this agent accepts only signed programs (SELF_UPDATE)");
        }

        var sha256 = await GetAsync(address, incoming.WriteAsync, ct)
            ?? throw new CommandException($"the download of {Shown(address)} was answered with 404 Not Found");
        return new FetchedProgram(sha256, signature);
    }

    /// <summary>Gets what is at an address; null where nothing is.</summary>
    private async Task<T?> GetAsync<T>(Uri address, Func<Stream, string, CancellationToken, Task<T>> read, CancellationToken ct)
        where T : class
    {
        var source = Shown(address);
        try
        {
            var at = address;
            for (var redirects = 0; redirects <= MostRedirects; redirects++)
            {
                using var response = await incoming.WaitAsync(_http.GetAsync(at, HttpCompletionOption.ResponseHeadersRead, ct), ct);
                if (response.IsSuccessStatusCode)
                {
                    await using var body = await response.Content.ReadAsStreamAsync(ct);
                    return await read(body, source, ct);
                }

                if (response.StatusCode == HttpStatusCode.NotFound)
                {
                    return null;
                }

                if (response.Headers.Location is not { } location || (int)response.StatusCode is < 300 or > 399)
                {
                    throw new CommandException($"the download of {source} was answered with {(int)response.StatusCode} {response.ReasonPhrase}");
                }

                at = Follow(at, location, source, needsSignature);
            }

            throw new CommandException($"the download of {source} was redirected more than {MostRedirects} times");
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException)
        {
            throw new CommandException(
                $"the download of {source} failed: {IncomingProgram.Reason(e)}; check the address, and the proxy's variables if there are any");
        }
    }

    /// <summary>The address that a redirect leads to.</summary>
    /// <exception cref="CommandException">It is not followed.</exception>
    internal static Uri Follow(Uri from, Uri location, string source, bool needsSignature)
    {
        var to = new Uri(from, location);
        if (!IsWeb(to) || (from.Scheme == Uri.UriSchemeHttps && to.Scheme != Uri.UriSchemeHttps))
        {
            throw new CommandException($"the download of {source} was redirected to {Shown(to)}, which is not followed: it is no https address");
        }

        EnsureSecure(to, $"the address that {source} redirects to", needsSignature);
        return to;
    }

    private static void EnsureSecure(Uri address, string what, bool needsSignature)
    {
        if (needsSignature && address.Scheme != Uri.UriSchemeHttps && !address.IsLoopback)
        {
            throw new CommandException($"{what} ({Shown(address)}) is no https address, and this agent downloads signed programs only by https");
        }
    }

    private static bool IsWeb(Uri address) => address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp;

    private static Uri SignatureOf(Uri address) => new UriBuilder(address) { Path = address.AbsolutePath + SignatureSuffix }.Uri;

    // An address may hold a user and a password, and its query a token.
    private static string Shown(Uri address) => UserInfo.Remove(address.GetLeftPart(UriPartial.Path));
}
