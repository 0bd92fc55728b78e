using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Text;
using DockMon.Agent.Configuration;
using DockMon.Agent.Threading;
using DockMon.Protocol;

namespace DockMon.Agent.Connection.Dialing;

/// <summary>A dial that failed, in one sentence for people.</summary>
/// <param name="message">Why.</param>
/// <param name="status">The HTTP status when the server answered with one instead of upgrading.</param>
/// <param name="inner">Its cause.</param>
/// <param name="detail">What whoever answered says of it, which may differ from answer to answer; the end of the sentence.</param>
internal sealed class DialException(string message, int? status = null, Exception? inner = null, string? detail = null) : Exception(message + detail, inner)
{
    /// <summary>The message without what may differ from answer to answer: a repeated failure is recognised by it.</summary>
    public string Kind { get; } = message;

    public int? Status => status;

    /// <summary>Whether the server ended the TLS connection because of something that the agent showed, or did not show.</summary>
    public bool IsTlsAlert { get; init; }

    /// <summary>Whether the reason may be that the server asked for a client certificate and there was none.</summary>
    public bool LacksCertificate { get; init; }
}

/// <summary>
/// Opens WebSockets to the server, and to nobody else: who answers with a redirect is not followed, because the next frame has the token in it. Proxy
/// variables are the runtime's own business.
/// </summary>
/// <param name="options">Where the server is.</param>
/// <param name="witness">Sees what happens on the way; for one dial at a time.</param>
/// <param name="limit">How long a dial may take, half of it until the server takes the connection; 30 s when it is not said.</param>
internal sealed class Dialer(AgentOptions options, DialTrace? witness = null, TimeSpan? limit = null)
{
    private readonly TimeSpan _limit = limit ?? TimeSpan.FromSeconds(30);

    /// <summary>What is taken out of whatever a server says.</summary>
    public OwnTokens Tokens { get; } = new(options.RegistrationToken, options.PermanentToken);

    /// <summary>Joins the server's URL, its path prefix included, and a path by exactly one slash.</summary>
    public static Uri Endpoint(Uri server, string path) =>
        new UriBuilder(server) { Path = server.AbsolutePath.TrimEnd('/') + "/" + path }.Uri;

    /// <summary>Where a redirect leads, for people: without user and query, which may hold anything.</summary>
    public static string Elsewhere(Uri location, Uri endpoint)
    {
        var asked = new UriBuilder(endpoint) { Scheme = endpoint.Scheme == "wss" ? "https" : endpoint.Scheme == "ws" ? "http" : endpoint.Scheme }.Uri;
        var target = Uri.TryCreate(asked, location, out var whole) ? UserInfo.Remove(whole.GetLeftPart(UriPartial.Path)) : "an address that is none";
        return ServerText.Cut(target);
    }

    /// <summary>Whose name it is that cannot be resolved: with a proxy in between nobody here asks for the server's.</summary>
    public static string Unresolved(Uri endpoint, IWebProxy system) =>
        !system.IsBypassed(endpoint) && system.GetProxy(endpoint) is { } proxy && proxy != endpoint
            ? $"the name of the proxy {proxy.IdnHost}"
            : "the host name";

    /// <summary>Opens a socket.</summary>
    /// <param name="path">One of the paths in <see cref="ProtocolLimits"/>.</param>
    /// <param name="bearer">Value of the Authorization header, if any.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="DialException">It could not be opened.</exception>
    public async Task<ServerSocket> DialAsync(string path, string? bearer, CancellationToken ct)
    {
        Tokens.Add(bearer);
        var endpoint = Endpoint(options.ServerUrl, path);
        var tls = ReadTls();
        // Not kept: the next dial may have other certificates. An open socket does without it.
        using var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectTimeout = _limit / 2,
            PooledConnectionLifetime = TimeSpan.Zero,
            SslOptions = tls.Options,
        };
        var upgrade = new Upgrade(handler, witness, Tokens);
        var socket = new ClientWebSocket();
        // The control socket has pings of its own: see KeepAlive.
        socket.Options.KeepAliveInterval = path == ProtocolLimits.ControlPath ? Timeout.InfiniteTimeSpan : ProtocolLimits.PingInterval;
        socket.Options.KeepAliveTimeout = ProtocolLimits.SilenceLimit - ProtocolLimits.PingInterval;
        // Real time on purpose: what it bounds is the network, and a test's clock must not stand still on it.
        using var limit = new TimeLimit(_limit, TimeProvider.System, ct);
        try
        {
            if (bearer is not null)
            {
                socket.Options.SetRequestHeader("Authorization", "Bearer " + bearer);
            }

            using var invoker = new HttpMessageInvoker(upgrade, disposeHandler: false);
            await socket.ConnectAsync(endpoint, invoker, limit.Token);
            return new ServerSocket(socket, upgrade.Stream!, Tokens);
        }
        catch (Exception e) when (e is WebSocketException
            or HttpRequestException
            or OperationCanceledException
            or InvalidOperationException
            or ArgumentException && !ct.IsCancellationRequested)
        {
            socket.Dispose();
            var hint = tls.Hint(upgrade.Status);
            throw new DialException(
                $"{endpoint.Scheme}://{endpoint.Authority}: {upgrade.Reason ?? tls.Refusal ?? Describe(e, endpoint)}",
                upgrade.Status,
                e,
                upgrade.Detail + tls.RefusalDetail + hint) { IsTlsAlert = IsAlert(e), LacksCertificate = tls.IsAsked && hint is not null };
        }
        catch
        {
            socket.Dispose();
            // Told to give up, that is the reason, whatever else failed at the same moment.
            ct.ThrowIfCancellationRequested();
            throw;
        }
    }

    private ServerTls ReadTls()
    {
        try
        {
            // The real time on purpose: certificates know no other.
            return new ServerTls(options, witness, TimeProvider.System.GetUtcNow());
        }
        catch (ConfigurationException e)
        {
            // It was right when the agent started, and may be again.
            throw new DialException(e.Message, inner: e);
        }
    }

    // OpenSSL has no other way to say it that .NET passes on.
    private static bool IsAlert(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause.Message.Contains("SSL routines", StringComparison.Ordinal) && cause.Message.Contains("alert", StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    // The outermost message is "Unable to connect"; what helps is at the bottom.
    private string Describe(Exception exception, Uri endpoint)
    {
        var cause = exception;
        while (cause.InnerException is { } inner && cause is not SocketException and not AuthenticationException and not TimeoutException)
        {
            cause = inner;
        }

        // A cancellation has a cause of its own when it was the connecting that took too long.
        if (exception is OperationCanceledException && cause is not TimeoutException)
        {
            return $"timeout: no answer within {_limit.TotalSeconds:0.#} s";
        }

        return cause switch
        {
            SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData } =>
                $"{Unresolved(endpoint, HttpClient.DefaultProxy)} cannot be resolved (DNS): {cause.Message}",
            SocketException { SocketErrorCode: SocketError.TimedOut } => "timeout: " + cause.Message,
            TimeoutException => $"timeout: nobody took the connection within {(_limit / 2).TotalSeconds:0.#} s",
            AuthenticationException when options.Identity.CaFile is not null => $"TLS: {cause.Message} (only the authorities in SERVER_CA_FILE are trusted)",
            AuthenticationException => "TLS: " + cause.Message,
            // The runtime quotes a header line that it cannot read.
            _ => Tokens.Cut(UserInfo.Remove(cause.Message)),
        };
    }

    /// <summary>
    /// Puts a stream of ours below the WebSocket, or keeps what a server said instead of upgrading: ClientWebSocket itself offers no way to the one,
    /// and of the other only says that it did not.
    /// </summary>
    private sealed class Upgrade(HttpMessageHandler inner, DialTrace? witness, OwnTokens tokens) : DelegatingHandler(inner)
    {
        private const int BodyBytes = 1024;

        // It comes with the status as a rule, and some never end.
        private static readonly TimeSpan BodyLimit = TimeSpan.FromSeconds(2);

        public int? Status { get; private set; }

        public string? Reason { get; private set; }

        public string? Detail { get; private set; }

        public GatheringStream? Stream { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            witness?.OnResponse(response);
            if (response.StatusCode == HttpStatusCode.SwitchingProtocols)
            {
                Stream = new GatheringStream(await response.Content.ReadAsStreamAsync(cancellationToken));
                response.Content = new UpgradedContent(Stream);
            }
            else
            {
                Status = (int)response.StatusCode;
                // First without the body, which may break off.
                Reason = $"the server answered {Status} {tokens.Cut(response.ReasonPhrase)} instead of opening a WebSocket";
                Detail = response.Headers.Location is { } location && Status is >= 300 and < 400
                    ? $" and sends to {Elsewhere(location, request.RequestUri!)}, which is not followed: write the right address in DOCKMON_URL"
                    : await FirstLineAsync(response, cancellationToken);
            }

            return response;
        }

        private async Task<string> FirstLineAsync(HttpResponseMessage response, CancellationToken ct)
        {
            var (text, buffer, length) = ("", new byte[BodyBytes], 0);
            using var limit = new TimeLimit(BodyLimit, TimeProvider.System, ct);
            try
            {
                await using var body = await response.Content.ReadAsStreamAsync(limit.Token);
                while (!text.Contains('\n', StringComparison.Ordinal) && await body.ReadAsync(buffer.AsMemory(length), limit.Token) is > 0 and var read)
                {
                    length += read;
                    text = Encoding.UTF8.GetString(buffer, 0, length).TrimStart();
                }
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                // What came until now has to do.
            }

            var line = text.Split('\n', 2)[0].Trim();
            return line.Length == 0 ? "" : ": " + tokens.Cut(line);
        }
    }

    /// <summary>What ClientWebSocket takes the stream from. The framework's own such content has a stream that can only be read.</summary>
    private sealed class UpgradedContent(Stream stream) : HttpContent
    {
        protected override Stream CreateContentReadStream(CancellationToken cancellationToken) => stream;

        protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult(stream);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            stream.Dispose();
            base.Dispose(disposing);
        }
    }
}
