using DockMon.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace DockMon.Page.Tests;

/// <summary>The whole tour without a mouse. The focus is never lost, and always to be seen.</summary>
public sealed class KeyboardTests(Browser browser)
{
    /// <summary>What is wrong with the focus; '' when it is somewhere, in view, and shown.</summary>
    private const string WrongWithFocus = """
        () => {
          const at = document.activeElement
          if (!at || at === document.body) return 'the focus is lost'
          if (at.id === 'room') return ''
          const box = at.getBoundingClientRect(), style = getComputedStyle(at)
          if (box.width === 0 || box.bottom <= 0 || box.right <= 0 || box.top >= innerHeight || box.left >= innerWidth) return 'out of view: ' + at.outerHTML
          return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 ? '' : 'not to be seen: ' + at.outerHTML
        }
        """;

    /// <summary>
    /// The name of what has the focus. Links to what needs attention have the names of hosts, too, and other containers of this engine may be ill.
    /// </summary>
    private const string NameOfFocus = """
        () => {
          const at = document.activeElement
          return at.closest('.attention') ? 'needs attention' : (at.getAttribute('aria-label') || at.textContent || '').trim()
        }
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_whole_tour_is_done_by_keyboard()
    {
        await using var scene = await Scene.StartHubAsync(browser, Ct);
        await scene.StartAgentAsync("this-machine", Ct);
        var name = scene.Containers.NewName();
        await scene.Containers.RunAsync([], Ct, ["--label", "com.docker.compose.project=keys"], name);
        var (page, keys) = (scene.Page, scene.Page.Keyboard);

        // The first user.
        await page.GotoAsync(scene.SetUpLink);
        await Expect(page.GetByLabel("Name")).ToBeFocusedAsync();
        await keys.TypeAsync(Scene.User);
        await keys.PressAsync("Tab");
        await keys.TypeAsync(Scene.Password);
        await keys.PressAsync("Enter");
        await SeeAsync(page, "Hosts");

        // A host by its name, and its room by Tab and Enter.
        await keys.PressAsync("/");
        await Expect(page.GetByLabel("Search hosts")).ToBeFocusedAsync();
        await keys.TypeAsync("this-machine");
        await keys.PressAsync("ArrowDown");
        await TabToAsync(page, "this-machine");
        await keys.PressAsync("Enter");
        await SeeAsync(page, "this-machine");

        // The keys, and back.
        await keys.PressAsync("?");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("go to Containers");
        await FocusIsGoodAsync(page);
        await keys.PressAsync("Escape");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await FocusIsGoodAsync(page);

        // The table: filter, arrows, space, Enter.
        await keys.PressAsync("g");
        await keys.PressAsync("c");
        await SeeAsync(page, "Containers");
        await keys.PressAsync("/");
        await keys.TypeAsync(name);
        await Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        await Expect(page.Locator("tbody tr")).ToContainTextAsync(name);
        await keys.PressAsync("ArrowDown");
        await FocusIsGoodAsync(page);
        await keys.PressAsync(" ");
        await Expect(page.GetByText("1 chosen", new() { Exact = true })).ToBeVisibleAsync();
        await keys.PressAsync("Escape");
        await Expect(page.GetByText("1 chosen", new() { Exact = true })).ToHaveCountAsync(0);
        await keys.PressAsync("Enter");
        await SeeAsync(page, name);

        // Stop, start, and a dialog that is left.
        var state = page.Locator("header .state");
        await TabToAsync(page, "Stop");
        await keys.PressAsync("Enter");
        await Expect(state).ToHaveTextAsync("exited");
        await FocusIsGoodAsync(page);
        await LeaveRemovalAndStartAsync(page);
        await FocusIsGoodAsync(page);

        // The palette finds an action, a stack, a container and a host.
        await FindAsync(page, "stop " + name);
        await Expect(state).ToHaveTextAsync("exited");
        await FindAsync(page, "keys");
        await SeeAsync(page, "keys");
        await FocusIsGoodAsync(page);
        await FindAsync(page, name);
        await SeeAsync(page, name);
        await FindAsync(page, "this-machine");
        await SeeAsync(page, "this-machine");
        await FindAsync(page, "go to Events");
        await SeeAsync(page, "Events");
        scene.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_an_action_has_changed_is_gone_on_with_before_its_answer()
    {
        await using var scene = await Scene.StartAsync(browser, Ct);
        var name = scene.Containers.NewName();
        var id = await scene.Containers.RunAsync([], Ct, name: name);
        var host = (await scene.Api.GetAsync("/api/hosts", Ct))[0].GetProperty("id").GetString()!;
        var (page, keys) = (scene.Page, scene.Page.Keyboard);
        var mayAnswer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await page.RouteAsync("**/stop", async route =>
        {
            var answer = await route.FetchAsync();
            await mayAnswer.Task;
            await route.FulfillAsync(new() { Response = answer });
        });
        await scene.GoAsync($"/containers/{host}/{id}");
        await SeeAsync(page, name);
        var state = page.Locator("header .state");
        await TabToAsync(page, "Stop");
        await keys.PressAsync("Enter");
        await Expect(state).ToHaveTextAsync("exited");
        await LeaveRemovalAndStartAsync(page);

        // What is being done is not done twice.
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Stop" })).ToHaveAttributeAsync("aria-busy", "true");
        mayAnswer.SetResult();
        await Expect(page.GetByText($"Stop {name}: done")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Stop" })).Not.ToHaveAttributeAsync("aria-busy", "true");
        scene.Problems.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_row_that_the_keys_are_at_stays_it_when_another_comes_before_it()
    {
        await using var scene = await Scene.StartAsync(browser, Ct);
        var name = scene.Containers.NewName();
        await scene.Containers.RunAsync([], Ct, name: name);
        var (page, keys) = (scene.Page, scene.Page.Keyboard);
        await scene.GoAsync("/containers?q=" + name);
        await Expect(Rows()).ToHaveCountAsync(1);
        await keys.PressAsync("ArrowDown");
        await Expect(page.Locator("tr.active")).ToContainTextAsync(name);
        await scene.Containers.RunAsync([], Ct, name: "a-" + name);
        await Expect(Rows()).ToHaveCountAsync(2);
        await Expect(Rows().First).ToContainTextAsync("a-" + name);
        await keys.PressAsync(" ");
        await Expect(page.Locator("tr.chosen")).ToHaveCountAsync(1);
        await Expect(page.Locator("tr.chosen")).Not.ToContainTextAsync("a-" + name);
        scene.Problems.ShouldBeEmpty();

        ILocator Rows() => page.Locator("tbody tr").Filter(new() { HasText = name });
    }

    [Fact]
    public async Task Who_wants_no_motion_gets_none()
    {
        await using var scene = await Scene.StartHubAsync(browser, Ct);
        await scene.SetUpAsync();
        await scene.Page.GetByRole(AriaRole.Button, new() { Name = "Add the first host" }).ClickAsync();
        (await MotionAsync()).ShouldBe("turn");
        await scene.Page.EmulateMediaAsync(new() { ReducedMotion = ReducedMotion.Reduce });
        (await MotionAsync()).ShouldBe("none");

        Task<string> MotionAsync() => scene.Page.Locator(".spinner").First.EvaluateAsync<string>("element => getComputedStyle(element).animationName");
    }

    /// <summary>Waits for a room by its heading; the focus is not nowhere then.</summary>
    private static async Task SeeAsync(IPage page, string heading)
    {
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = heading, Level = 1 })).ToBeVisibleAsync();
        await FocusIsGoodAsync(page);
    }

    /// <summary>In the room of a container that has ended: opens the question whether to remove it, leaves it, and starts the container.</summary>
    private static async Task LeaveRemovalAndStartAsync(IPage page)
    {
        await TabToAsync(page, "Remove");
        await page.Keyboard.PressAsync(" ");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Cancel" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Remove" })).ToBeFocusedAsync();
        await TabToAsync(page, "Start");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("header .state")).ToHaveTextAsync("running");
    }

    private static async Task FindAsync(IPage page, string text)
    {
        await page.Keyboard.PressAsync("Control+k");
        await Expect(page.GetByRole(AriaRole.Combobox, new() { Name = "Find" })).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync(text);
        await Expect(page.GetByRole(AriaRole.Option).First).ToContainTextAsync(text, new() { IgnoreCase = true });
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
    }

    /// <summary>Presses Tab until something of this name has the focus, which is to be seen on the whole way.</summary>
    private static async Task TabToAsync(IPage page, string name)
    {
        var way = new List<string>();
        while (way.Count < 60)
        {
            await page.Keyboard.PressAsync("Tab");
            way.Add(await page.EvaluateAsync<string>(NameOfFocus));
            // Behind the last place is the browser's own bar, where the page has no focus.
            (await page.EvaluateAsync<string>(WrongWithFocus)).ShouldBeOneOf("", "the focus is lost");
            if (way[^1] == name)
            {
                return;
            }
        }

        Assert.Fail($"{name} is not reached: {string.Join(", ", way)}");
    }

    /// <summary>What moves the focus after a change of the page does so with the next frame.</summary>
    private static async Task FocusIsGoodAsync(IPage page)
    {
        await Retry.UntilAsync(
            "the focus is somewhere, in view, and shown",
            async () => await page.EvaluateAsync<string>(WrongWithFocus) is var wrong && (wrong == "" ? true : throw new InvalidOperationException(wrong)),
            ct: Ct);
    }
}
