using System.Text.Json;
using DockMon.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DockMon.Page.Tests;

/// <summary>The way through the rooms of stacks, with docker compose on the real engine.</summary>
public sealed class StackTests(Browser browser) : IAsyncLifetime
{
    private static readonly DockerCli Docker = new();

    private readonly string _name = $"dockmon-page-{Guid.NewGuid():N}"[..22];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => RemoveAsync(_name);

    [Fact]
    public async Task A_stack_is_written_deployed_changed_and_taken_down()
    {
        await using var scene = await Scene.StartAsync(browser, Ct);
        var page = scene.Page;
        await SkipWithoutComposeAsync(scene);
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("s");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Stacks" })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "New stack" }).ClickAsync();
        await page.GetByLabel("Name").FillAsync("Not One");
        await Expect(page.Locator("#name-help")).ToContainTextAsync("small letter");
        await page.GetByLabel("Name").FillAsync(_name);
        await page.GetByRole(AriaRole.Button, new() { Name = "Write its files" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = _name, Level = 1 })).ToBeVisibleAsync();

        // What is wrong with the text is said beside it, and goes when it is mended.
        await WriteAsync(page, "compose.yaml", Compose("1").Replace("image:", "imge:", StringComparison.Ordinal));
        await Expect(page.GetByLabel("findings")).ToContainTextAsync("Compose knows no imge:");
        await WriteAsync(page, "compose.yaml", Compose("1"));
        await Expect(page.GetByLabel("findings")).ToContainTextAsync("WHO is not in .env");
        await WriteAsync(page, ".env", "WHO=me\n");
        await Expect(page.GetByLabel("findings")).ToHaveCountAsync(0);

        // Whoever leaves and comes back finds what was edited.
        await page.GetByRole(AriaRole.Link, new() { Name = "Stacks" }).ClickAsync();
        await page.GoBackAsync();
        await Expect(page.GetByText("Edited, not saved")).ToBeVisibleAsync();

        var review = await ReviewAsync(page);
        await Expect(review).ToContainTextAsync("created");
        await Expect(review).ToContainTextAsync("WHO=me");
        await DeployAsync(page, review);
        await Expect(page.Locator(".services")).ToContainTextAsync("1 of 1 running");
        await Expect(page.GetByText("Deployed as it is here")).ToBeVisibleAsync();
        await Expect(page.Locator("header .state")).ToHaveTextAsync("running");

        await WriteAsync(page, "compose.yaml", Compose("2"));
        review = await ReviewAsync(page);
        await Expect(review).ToContainTextAsync("recreated");
        await Expect(review).ToContainTextAsync("command changes");
        await Expect(review.Locator(".diff .added")).ToContainTextAsync("sleep 36002");
        await Expect(review.Locator(".diff .removed")).ToContainTextAsync("sleep 36001");
        await DeployAsync(page, review);
        (await Docker.RunAsync(["inspect", "--format", "{{json .Config.Cmd}}", _name + "-web-1"], Ct)).ShouldContain("36002");

        await page.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await Expect(page.Locator("header .state")).ToHaveTextAsync("stopped");
        await page.GetByRole(AriaRole.Button, new() { Name = "Start", Exact = true }).ClickAsync();
        await Expect(page.Locator("header .state")).ToHaveTextAsync("running");

        // What compose says of a mistake is shown, and what ran goes on.
        await WriteAsync(page, "compose.yaml", Compose("2") + "    cpus: many\n");
        await DeployAsync(page, await ReviewAsync(page), "The deployment failed");
        await Expect(page.GetByLabel("what went wrong")).ToContainTextAsync("cpus");
        await Expect(page.Locator("header .state")).ToHaveTextAsync("running");
        await scene.PictureAsync("stack-failed");

        await page.GetByRole(AriaRole.Button, new() { Name = "Take down" }).ClickAsync();
        var question = page.GetByRole(AriaRole.Dialog);
        await question.GetByLabel("Remove its volumes").CheckAsync();
        await Expect(question).ToContainTextAsync("(data)");
        var down = question.GetByRole(AriaRole.Button, new() { Name = "Take down" });
        await Expect(down).ToBeDisabledAsync();
        await question.GetByLabel("to go on").FillAsync(_name);
        await question.GetByLabel("Delete its compose file").CheckAsync();
        await down.ClickAsync();
        await Expect(page.Locator(".deployment")).ToContainTextAsync("Taken down");
        await Expect(page.Locator("header .state")).ToHaveTextAsync("new");
        (await Docker.RunAsync(["volume", "ls", "-q", "--filter", "label=com.docker.compose.project=" + _name], Ct)).ShouldBeEmpty();
        scene.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task Two_who_edit_the_same_stack_do_not_overwrite_each_other()
    {
        await using var scene = await Scene.StartAsync(browser, Ct);
        var page = scene.Page;
        var host = (await scene.Api.GetAsync("/api/hosts", Ct))[0].GetProperty("id").GetString()!;
        var path = $"/api/hosts/{host}/stacks/{_name}?deploy=false";
        await PutAsync(scene, path, Compose("1"));
        await scene.GoAsync($"/stacks/{host}/{_name}");
        await WriteAsync(page, "compose.yaml", Compose("mine"));
        await PutAsync(scene, path, Compose("theirs"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
        await Expect(page.Locator(".meanwhile")).ToContainTextAsync("Somebody else has saved other files");
        await Expect(page.Locator(".toast.bad")).ToContainTextAsync("is not saved");
        await Expect(page.GetByLabel("compose.yaml", new() { Exact = true })).ToContainTextAsync("mine");
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on with mine" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
        await Expect(page.GetByText("Saved, not deployed")).ToBeVisibleAsync();
        (await scene.Api.GetAsync($"/api/hosts/{host}/stacks/{_name}", Ct)).GetProperty("compose").GetString()!.ShouldContain("mine");

        // A file that is on the host comes with the .env beside it, and is not saved by itself.
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "compose.yaml");
        await File.WriteAllTextAsync(file, Compose("imported"), Ct);
        await File.WriteAllTextAsync(Path.Combine(folder.Path, ".env"), "WHO=it\n", Ct);
        await scene.GoAsync($"/stacks/{host}/{_name}?from={Uri.EscapeDataString(file)}");
        await Expect(page.GetByLabel("compose.yaml", new() { Exact = true })).ToContainTextAsync("imported");
        await Expect(page.GetByLabel(".env", new() { Exact = true })).ToContainTextAsync("WHO=it");
        await page.GetByRole(AriaRole.Button, new() { Name = "Discard" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Discard" }).ClickAsync();
        await Expect(page.GetByLabel("compose.yaml", new() { Exact = true })).ToContainTextAsync("mine");

        // Offline it is saved all the same, and the button says why it is not deployed.
        scene.Agent.Kill();
        await Expect(page.Locator(".notice")).ToContainTextAsync("The host is offline");
        await WriteAsync(page, "compose.yaml", Compose("later"));
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Review and deploy" })).ToHaveAttributeAsync("title", "The host is offline.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
        await Expect(page.GetByText("Saved, not deployed")).ToBeVisibleAsync();
        scene.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_stack_that_was_started_on_the_host_is_imported_from_the_file_that_its_containers_name()
    {
        await using var scene = await Scene.StartAsync(browser, Ct);
        var page = scene.Page;
        var host = (await scene.Api.GetAsync("/api/hosts", Ct))[0].GetProperty("id").GetString()!;
        var name = scene.Containers.NewName();
        using var folder = new TemporaryFolder();
        var file = folder.Write("compose.yaml", Compose("imported"));
        await scene.Containers.RunAsync(
            [], Ct, ["--label", "com.docker.compose.project=" + name, "--label", "com.docker.compose.project.config_files=" + file], name);
        await scene.GoAsync($"/stacks/{host}/{name}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Import " + file }).ClickAsync();
        await Expect(page.GetByLabel("compose.yaml", new() { Exact = true })).ToContainTextAsync("imported");
        scene.Problems.ShouldBeEmpty();
    }

    private static string Compose(string seconds) => $"""
        volumes:
          data:
        services:
          web:
            image: {TestImage.Name}
            command: sleep 3600{seconds}
            init: true
            environment:
              WHO: $WHO
            volumes:
              - data:/data

        """;

    private static Task<JsonElement> PutAsync(Scene scene, string path, string compose) =>
        scene.Api.PutAsync(path, JsonSerializer.Serialize(new Dictionary<string, string> { ["compose"] = compose, ["env"] = "WHO=me\n" }), Ct);

    internal static async Task SkipWithoutComposeAsync(Scene scene)
    {
        var host = (await scene.Api.GetAsync("/api/hosts", Ct))[0];
        Assert.SkipUnless(
            host.GetProperty("registration").GetProperty("capabilities").GetProperty("compose_deployments").GetBoolean(),
            "There is no docker compose on this machine.");
    }

    private static async Task WriteAsync(IPage page, string file, string text)
    {
        var editor = page.GetByLabel(file, new() { Exact = true });
        await editor.ClickAsync();
        await page.Keyboard.PressAsync("Control+a");

        // As pasted: typed, each line would be indented by the editor.
        await page.Keyboard.InsertTextAsync(text);
    }

    private static async Task<ILocator> ReviewAsync(IPage page)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "Review and deploy" }).ClickAsync();
        return page.GetByRole(AriaRole.Dialog);
    }

    private static async Task DeployAsync(IPage page, ILocator review, string end = "Deployed")
    {
        await review.GetByRole(AriaRole.Button, new() { Name = "Deploy" }).ClickAsync();
        if (end == "Deployed")
        {
            // It may say so of the one before; this takes two seconds at least.
            await Expect(page.Locator(".deployment .spinner")).ToBeVisibleAsync();
        }

        await Expect(page.Locator(".deployment")).ToContainTextAsync(end);
    }

    private static async ValueTask RemoveAsync(string project)
    {
        foreach (var (list, remove) in new[] { ("ps -aq", "rm -fv"), ("network ls -q", "network rm"), ("volume ls -q", "volume rm") })
        {
            var found = (await Docker.RunAsync([.. list.Split(' '), "--filter", "label=com.docker.compose.project=" + project], CancellationToken.None))
                .Split('\n', StringSplitOptions.RemoveEmptyEntries);
            if (found.Length > 0)
            {
                await Docker.TryRunAsync([.. remove.Split(' '), .. found], CancellationToken.None);
            }
        }
    }
}
