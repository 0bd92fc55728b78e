using DockMon.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DockMon.Page.Tests;

/// <summary>Updates as a user does them, with a registry and the real engine.</summary>
public sealed class UpdateTests(Browser browser) : IAsyncLifetime
{
    private static readonly DockerCli Docker = new();

    private readonly string _repository = $"page-{Guid.NewGuid():N}"[..13];
    private LocalRegistry _registry = null!;
    private Scene _scene = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Image => $"{_registry.Address}/{_repository}:1";

    private string Sick => $"{_registry.Address}/{_repository}:sick";

    private IPage Page => _scene.Page;

    private ILocator Dialog => Page.GetByRole(AriaRole.Dialog);

    public async ValueTask InitializeAsync()
    {
        _registry = await LocalRegistry.StartAsync(Ct);
        await PublishAsync(_repository + ":1", "ENV VERSION=1");
        await Docker.RunAsync(["pull", "-q", Image], Ct);
    }

    public async ValueTask DisposeAsync()
    {
        if (_scene is not null)
        {
            await _scene.DisposeAsync();
        }

        await Docker.TryRunAsync(["rmi", "-f", Image, Sick], CancellationToken.None);
        await _registry.DisposeAsync();
    }

    [Theory]
    [InlineData(ColorScheme.Light, 1440)]
    [InlineData(ColorScheme.Dark, 1440)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task An_update_that_does_not_work_is_taken_back_before_the_eyes_of_who_comes_back_to_it(ColorScheme theme, int width)
    {
        var look = $"{(width < 500 ? "phone" : "desk")}-{theme}".ToLowerInvariant();
        await PublishAsync(_repository + ":sick", "HEALTHCHECK --interval=1s --retries=1 CMD false");
        _scene = await Scene.StartAsync(browser, Ct, theme, width);
        var (name, id) = await RunAsync("--stop-timeout", "1", "-e", "COLOUR=blue", "-v", "/data");
        var host = await HostAsync();

        await _scene.GoAsync($"/containers/{host}/{id}");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Update…" }).ClickAsync();
        await Expect(Dialog.Locator(".kept")).ToContainTextAsync("an anonymous volume at /data");
        await Expect(Dialog.Locator(".kept")).ToContainTextAsync("bridge");
        await _scene.LookAtAsync("update-" + look);
        await Dialog.GetByLabel("New", new() { Exact = true }).FillAsync(Sick);
        await Dialog.GetByText("Options").ClickAsync();
        await Dialog.GetByLabel("become healthy").FillAsync("8");
        await Dialog.GetByLabel("has to stop").FillAsync("1");
        await Dialog.GetByRole(AriaRole.Button, new() { Name = "Update", Exact = true }).ClickAsync();
        await Expect(Dialog.Locator("[aria-current=step]")).ToContainTextAsync("Wait until it is healthy");
        await _scene.LookAtAsync("update-health-" + look);
        await Dialog.GetByRole(AriaRole.Button, new() { Name = "Close" }).ClickAsync();
        await Expect(Dialog).ToHaveCountAsync(0);

        // The update goes on; where the container is, there is the way back to it.
        await _scene.GoAsync("/containers?q=" + name);
        await Expect(Page.GetByRole(AriaRole.Row).Filter(new() { HasText = name }).First).ToBeVisibleAsync();
        await _scene.GoAsync("/operations?q=" + name);
        await Page.GetByRole(AriaRole.Row).Filter(new() { HasText = name }).GetByRole(AriaRole.Link, new() { Name = name }).ClickAsync();
        await Expect(Page.Locator(".steps .failed")).ToContainTextAsync("Wait until it is healthy");
        await Expect(Page.Locator(".steps .done").Filter(new() { HasText = "Bring the old container back" })).ToBeVisibleAsync();
        await Expect(Page.Locator(".end")).ToContainTextAsync("healthy");
        await _scene.LookAtAsync("operation-" + look);
        (await Docker.RunAsync(["inspect", "--format", "{{.State.Running}} {{.Config.Image}}", id], Ct)).ShouldBe("true " + Image);
        await _scene.GoAsync("/operations?q=" + name);
        await Expect(Page.GetByRole(AriaRole.Row).Filter(new() { HasText = name })).ToContainTextAsync("rolled back");
        await _scene.LookAtAsync("operations-" + look);
        _scene.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_newer_image_is_found_and_containers_are_updated_one_and_several()
    {
        _scene = await Scene.StartAsync(browser, Ct);
        var (first, id) = await RunAsync("--stop-timeout", "1");
        var (second, _) = await RunAsync("--stop-timeout", "1");
        var (third, _) = await RunAsync("--stop-timeout", "1");
        var old = await Docker.RunAsync(["image", "inspect", "--format", "{{.Id}}", Image], Ct);
        await PublishAsync(_repository + ":1", "ENV VERSION=2");
        await Docker.RunAsync(["tag", old, Image], Ct); // Publishing takes the name away.

        await _scene.GoAsync("/containers?q=image:" + _repository);
        await Expect(Row(first)).ToBeVisibleAsync();
        await Expect(Row(third)).ToBeVisibleAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Check now" }).ClickAsync();
        await Expect(Row(first)).ToContainTextAsync("update available");
        await Page.GetByRole(AriaRole.Link, new() { Name = "3 with an update" }).ClickAsync();
        await Expect(Page.GetByLabel("Filter containers")).ToHaveValueAsync($"image:{_repository} update:available");
        await _scene.PictureAsync("containers-updates");

        await Row(first).GetByRole(AriaRole.Button, new() { Name = "update available" }).ClickAsync();
        await Expect(Dialog).ToContainTextAsync("A newer image is in the registry");
        var digests = await Dialog.Locator(".change code").AllInnerTextsAsync();
        digests.ShouldAllBe(digest => digest.Length == 12);
        digests.Distinct().Count().ShouldBe(2);
        await Page.RouteAsync("**/containers/*/update", LoseAnswerAsync, new() { Times = 1 });
        await Dialog.GetByRole(AriaRole.Button, new() { Name = "Update", Exact = true }).ClickAsync();
        await Expect(Dialog).ToContainTextAsync($"{first} runs {Image} now");
        await Dialog.GetByRole(AriaRole.Link, new() { Name = "Look at it" }).ClickAsync();
        await Expect(Dialog).ToHaveCountAsync(0);
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Name = first })).ToBeVisibleAsync();
        await _scene.GoAsync($"/containers/{await HostAsync()}/{id}/logs"); // The address from before leads to the new one.
        await Expect(Page.GetByRole(AriaRole.Heading, new() { Name = first })).ToBeVisibleAsync();

        await _scene.GoAsync($"/containers?q=image:{_repository}+update:available");
        await Expect(Row(second)).ToBeVisibleAsync();
        await Expect(Row(first)).ToHaveCountAsync(0);
        await Page.GetByLabel("choose all").CheckAsync();
        await Page.GetByRole(AriaRole.Button, new() { Name = "Update…" }).ClickAsync();
        await Expect(Dialog.GetByRole(AriaRole.Table)).ToContainTextAsync(third);
        await _scene.LookAtAsync("update-several");
        await Dialog.GetByRole(AriaRole.Button, new() { Name = "Update 2" }).ClickAsync();
        await Expect(Dialog.GetByText("2 of 2")).ToBeVisibleAsync();
        await Expect(Dialog.GetByText("done", new() { Exact = true })).ToHaveCountAsync(2);
        await _scene.LookAtAsync("update-several-done");
        (await Docker.RunAsync(["inspect", "--format", "{{.Config.Env}}", first, second, third], Ct)).Split('\n')
            .ShouldAllBe(variables => variables.Contains("VERSION=2", StringComparison.Ordinal));
        _scene.Problems.ShouldBeEmpty();
    }

    /// <summary>The hub does what it was asked for, and its answer is lost, as when a browser ends what it loads because the network changed.</summary>
    private static async Task LoseAnswerAsync(IRoute route)
    {
        (await route.FetchAsync()).Status.ShouldBe(202);
        await route.AbortAsync("failed");
    }

    private ILocator Row(string name) => Page.GetByRole(AriaRole.Row).Filter(new() { HasText = name });

    private Task<string> PublishAsync(string nameAndTag, string change) =>
        _registry.PublishAsync(Docker, nameAndTag, [change, "CMD [\"sleep\",\"3600\"]"], Ct);

    private async Task<string> HostAsync() => (await _scene.Api.GetAsync("/api/hosts", Ct))[0].GetProperty("id").GetString()!;

    private async Task<(string Name, string Id)> RunAsync(params string[] options)
    {
        var name = _scene.Containers.NewName();
        _scene.Containers.Own(name);
        return (name, await Docker.RunAsync(["run", "-d", "--init", "--name", name, .. options, Image], Ct));
    }
}
