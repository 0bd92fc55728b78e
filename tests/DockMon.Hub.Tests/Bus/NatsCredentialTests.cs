using System.Text;
using System.Text.Json.Nodes;
using DockMon.Hub.Bus;
using DockMon.Hub.Bus.Nats;
using DockMon.Testing;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using NATS.NKeys;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Bus;

/// <summary><c>HUB_NATS_CREDS</c> with a nats-server that has an operator, as <c>nsc</c> sets it up.</summary>
public sealed class NatsCredentialTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly KeyPair _operator = KeyPair.CreatePair(PrefixByte.Operator);
    private readonly KeyPair _account = KeyPair.CreatePair(PrefixByte.Account);
    private readonly LogCapture _log = new();
    private NatsServer _server = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var ofOperator = Sign(_operator, _operator, "operator", []);
        var limits = new JsonObject
        {
            ["subs"] = -1, ["data"] = -1, ["payload"] = -1, ["imports"] = -1, ["exports"] = -1, ["wildcards"] = true, ["conn"] = -1, ["leaf"] = -1,
        };
        var ofAccount = Sign(_operator, _account, "account", new JsonObject { ["limits"] = limits });
        var config = Path.Combine(_folder.Path, "nats.conf");
        await File.WriteAllTextAsync(
            config, $"operator: {ofOperator}\nresolver: MEMORY\nresolver_preload: {{ {_account.GetPublicKey()}: {ofAccount} }}\n", Token);
        _server = await NatsServer.StartAsync(Token, "-c", config);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _operator.Dispose();
        _account.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_hub_with_credentials_of_the_account_connects_and_moves_messages()
    {
        await using var bus = Create(await WriteAsync(_account));
        await bus.StartAsync(Token);
        await Retry.UntilAsync("the bus is up", () => bus.IsUp, ct: Token);
        await using var served = await bus.ServeAsync("dockmon.echo", request => Task.FromResult(request.ToArray()), Token);
        await Retry.UntilAsync("it is answered", async () =>
            (await bus.RequestAsync("dockmon.echo", new byte[] { 7 }, TimeSpan.FromSeconds(30), Token)).Outcome == BusOutcome.Answered, ct: Token);
    }

    [Fact]
    public async Task A_hub_with_credentials_of_another_account_does_not_and_says_why()
    {
        using var other = KeyPair.CreatePair(PrefixByte.Account);
        await using var bus = Create(await WriteAsync(other));
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var starting = bus.StartAsync(ended.Token);
        await Retry.UntilAsync(
            "the log says so", () => _log.Lines.Any(line => line.Contains("authorization", StringComparison.OrdinalIgnoreCase)), ct: Token);
        bus.IsUp.ShouldBeFalse();
        await ended.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => starting);
    }

    private NatsBus Create(string credentials) => new(NatsSettings.Parse(_server.Url, credentials, null), TimeProvider.System, new Logger<NatsBus>(_log));

    /// <summary>A file as <c>nsc generate creds</c> writes it.</summary>
    private async Task<string> WriteAsync(KeyPair account)
    {
        using var user = KeyPair.CreatePair(PrefixByte.User);
        var token = Sign(account, user, "user", new JsonObject { ["subs"] = -1, ["data"] = -1, ["payload"] = -1 });
        var path = Path.Combine(_folder.Path, "nats.creds");
        await File.WriteAllTextAsync(
            path,
            $"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
                + $"-----BEGIN USER NKEY SEED-----\n{user.GetSeed()}\n------END USER NKEY SEED------\n",
            Token);
        return path;
    }

    private static string Sign(KeyPair issuer, KeyPair subject, string kind, JsonObject claims)
    {
        claims["type"] = kind;
        claims["version"] = 2;
        var payload = new JsonObject
        {
            ["jti"] = Guid.NewGuid().ToString("N"),
            ["iat"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
            ["iss"] = issuer.GetPublicKey(),
            ["name"] = kind,
            ["sub"] = subject.GetPublicKey(),
            ["nats"] = claims,
        };
        var text = Part("""{"typ":"JWT","alg":"ed25519-nkey"}""") + "." + Part(payload.ToJsonString());
        var signature = new byte[64];
        issuer.Sign(Encoding.ASCII.GetBytes(text), signature);
        return text + "." + WebEncoders.Base64UrlEncode(signature);
    }

    private static string Part(string json) => WebEncoders.Base64UrlEncode(Encoding.UTF8.GetBytes(json));
}
