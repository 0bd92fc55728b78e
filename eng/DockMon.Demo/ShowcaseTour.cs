using System.Net;
using System.Text;
using System.Text.Json;
using DockMon.Testing;

namespace DockMon.Demo;

/// <summary>The part of the tour that looks through the hub at what the page shows: each thing that <see cref="Welcome"/> promises.</summary>
internal sealed class ShowcaseTour(Stage stage)
{
    private const string Credentials = """ "name":"demo","password":"a visitor of the demo" """;

    /// <summary>As a browser does it: the page is served, its form makes the user, a session's cookie tells who asks.</summary>
    public async Task SignInAsync(CancellationToken ct)
    {
        using var browser = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer() }) { BaseAddress = new Uri(stage.Url) };
        var page = await browser.GetStringAsync(stage.SetUpLink, ct);
        Check(page.Contains("<script", StringComparison.Ordinal), $"the hub has no page: {page}");
        var token = stage.SetUpLink[(stage.SetUpLink.IndexOf('=', StringComparison.Ordinal) + 1)..];
        await PostAsync("/api/setup", $$"""{"token":"{{token}}",{{Credentials}}}""");
        await PostAsync("/api/login", $$"""{{{Credentials}}}""");
        var me = JsonElement.Parse(await browser.GetStringAsync("/api/me", ct));
        Check(me.GetProperty("role").GetString() == "admin", $"signed in is: {me}");

        async Task PostAsync(string path, string body)
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var answer = await browser.PostAsync(path, content, ct);
            Check(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(ct)}");
        }
    }

    public async Task ContainersAsync(CancellationToken ct)
    {
        await SeeAsync(Showcase.Web, "is healthy", row => row.GetProperty("health").GetString() == "healthy", ct);
        await SeeAsync(Showcase.Database, "is unhealthy", row => row.GetProperty("health").GetString() == "unhealthy", ct);
        await SeeAsync(Showcase.Mailer, "restarts", row => row.GetProperty("state").GetString() == "restarting", ct);
        foreach (var name in new[] { Showcase.Worker, Showcase.Api })
        {
            await SeeAsync(name, "runs", row => row.GetProperty("state").GetString() == "running", ct);
        }
    }

    public async Task<string> StackAsync(CancellationToken ct)
    {
        if (!await stage.Showcase.HasComposeAsync(stage.HostId, ct))
        {
            return "there is no docker compose on this machine";
        }

        await Retry.UntilAsync(
            "the three services of the stack run",
            async () => (await stage.Client.GetAsync($"/api/containers?project={Showcase.Stack}", ct)).GetProperty("items").EnumerateArray()
                .Count(row => row.GetProperty("state").GetString() == "running") == 3,
            ct: ct);
        return "";
    }

    public async Task<string> UpdateAsync(CancellationToken ct)
    {
        if (stage.Showcase.Updatable is null)
        {
            return "there is no docker-registry on this machine to take images from";
        }

        var updates = await stage.Client.GetAsync($"/api/hosts/{stage.HostId}/updates", ct);
        Check(
            updates.EnumerateArray().Any(item => item.GetProperty("name").GetString() == Showcase.Notes && Says(item, "update_available")),
            $"the hub says of updates: {updates}");
        return "";
    }

    public async Task HostsAsync(CancellationToken ct)
    {
        var names = Showcase.Machines.Select(machine => machine.Name).ToArray();
        await Retry.UntilAsync(
            $"all of {string.Join(", ", names)} are listed, and all but the last are connected",
            async () => (await stage.Client.GetAsync("/api/hosts", ct)).EnumerateArray().ToArray() is var hosts
                && names.All(name => hosts.Any(host => host.GetProperty("hostname").GetString() == name && Says(host, "connected") == (name != names[^1]))),
            ct: ct);
        var listed = (await stage.Client.GetAsync("/api/containers?limit=500", ct)).GetProperty("items").EnumerateArray()
            .Select(row => row.GetProperty("host").GetString()).ToHashSet();
        Check(names.All(listed.Contains), "a simulated host has no containers");
        var first = (await stage.Client.GetAsync("/api/hosts", ct)).EnumerateArray().First(host => host.GetProperty("hostname").GetString() == names[0]);
        await Retry.UntilAsync(
            $"{names[0]} has figures",
            async () => (await stage.Client.GetAsync($"/api/hosts/{first.GetProperty("id").GetString()}/stats", ct)).TryGetProperty("host", out _),
            ct: ct);
    }

    private static bool Says(JsonElement item, string name) => item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private Task SeeAsync(string name, string what, Func<JsonElement, bool> condition, CancellationToken ct) => Retry.UntilAsync(
        $"{name} {what}",
        async () => (await stage.Client.GetAsync($"/api/containers?host={stage.HostId}&q={name}", ct)).GetProperty("items").EnumerateArray()
            .Any(row => row.GetProperty("name").GetString() == name && condition(row)),
        ct: ct);

    private static void Check(bool fact, string otherwise)
    {
        if (!fact)
        {
            throw new InvalidOperationException(otherwise);
        }
    }
}
