using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Shouldly;

namespace DockMon.Hub.Tests.Access;

/// <summary>Somebody who uses the API of a <see cref="HubFixture"/> as a browser does, with cookies, or as a program does, with a token.</summary>
internal sealed class HubUser : IDisposable
{
    public const string Password = "correct horse battery";

    public HubUser(HubFixture hub, string? token = null)
    {
        Http = new HttpClient(new ContractHandler(new SocketsHttpHandler { CookieContainer = Cookies, AllowAutoRedirect = false }))
        {
            BaseAddress = hub.Http.BaseAddress,
        };
        TokenValue = token;
        if (token is not null)
        {
            Http.DefaultRequestHeaders.Add("Authorization", "Bearer " + token);
        }
    }

    public CookieContainer Cookies { get; } = new();

    public HttpClient Http { get; }

    /// <summary>The token of a program.</summary>
    public string? TokenValue { get; }

    /// <summary>The first user, signed in.</summary>
    public static async Task<HubUser> SetUpAsync(HubFixture hub, CancellationToken ct, string name = "anna")
    {
        var user = new HubUser(hub);
        var token = hub.Output.ToString().Trim().Split("?token=")[^1];
        var (status, body) = await user.PostAsync("/api/setup", new JsonObject { ["token"] = token, ["name"] = name, ["password"] = Password }, ct);
        status.ShouldBe(HttpStatusCode.NoContent, body);
        (await user.SignInAsync(name, Password, ct)).Status.ShouldBe(HttpStatusCode.NoContent);
        return user;
    }

    /// <summary>A program with a token of a role, made with the admin key.</summary>
    public static async Task<HubUser> WithTokenAsync(HubFixture hub, string role, CancellationToken ct, params string[] tags)
    {
        var wanted = new JsonObject { ["name"] = "program", ["role"] = role, ["tags"] = new JsonArray([.. tags.Select(tag => JsonValue.Create(tag))]) };
        var (_, body) = await hub.AskAsync(HttpMethod.Post, "/api/access-tokens", wanted.ToJsonString(), ct);
        return new HubUser(hub, JsonElement.Parse(body).GetProperty("value").GetString());
    }

    public Task<(HttpStatusCode Status, string Body)> SignInAsync(string name, string password, CancellationToken ct, string? code = null) =>
        PostAsync("/api/login", new JsonObject { ["name"] = name, ["password"] = password, ["code"] = code }, ct);

    public Task<(HttpStatusCode Status, string Body)> PostAsync(string path, JsonObject? body, CancellationToken ct) =>
        AskAsync(HttpMethod.Post, path, body, ct);

    public Task<(HttpStatusCode Status, string Body)> GetAsync(string path, CancellationToken ct) => AskAsync(HttpMethod.Get, path, null, ct);

    public async Task<(HttpStatusCode Status, string Body)> AskAsync(HttpMethod method, string path, JsonObject? body, CancellationToken ct)
    {
        using var message = new HttpRequestMessage(method, path);
        message.Content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var answer = await Http.SendAsync(message, ct);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(ct));
    }

    public void Dispose() => Http.Dispose();
}
