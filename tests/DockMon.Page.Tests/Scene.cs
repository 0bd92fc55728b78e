using System.Text;
using System.Text.Json;
using DockMon.Testing;
using Microsoft.Playwright;

namespace DockMon.Page.Tests;

/// <summary>A hub and an agent as a user has them, containers on the real engine, and a browser in front of them that is signed in.</summary>
internal sealed class Scene : IAsyncDisposable
{
    public const string User = "ada";
    public const string Password = "correct horse battery staple";

    private const string AdminKey = "page-tests-admin-key";

    private readonly TemporaryFolder _hubData = new();
    private readonly TemporaryFolder _agentData = new();
    private readonly Browser _browser;
    private readonly DockerCli _docker;
    private readonly IReadOnlyDictionary<string, string> _variables;
    private readonly List<string> _problems = [];
    private readonly PageLog _pageLog = new();
    private IBrowserContext? _context;

    private Scene(Browser browser, DockerCli docker, IReadOnlyDictionary<string, string> variables)
    {
        var port = FreePort.Next();
        (_browser, _docker, _variables) = (browser, docker, variables);
        Address = $"http://127.0.0.1:{port}";
        Api = new HubClient(Address, AdminKey);
        Containers = new TestContainers(docker, "dockmon-page");
    }

    public string Address { get; }

    public HubClient Api { get; }

    public TestContainers Containers { get; }

    public ProgramProcess Hub { get; private set; } = null!;

    public ProgramProcess Agent { get; private set; } = null!;

    public IPage Page { get; private set; } = null!;

    /// <summary>Address at which the first user is made.</summary>
    public string SetUpLink { get; private set; } = "";

    /// <summary>What the browser complained of: errors of scripts, and what the content security policy forbade.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>A hub, nobody signed in. Its agent will be one of <paramref name="docker"/>: of this machine's engine without it.</summary>
    public static async Task<Scene> StartHubAsync(
        Browser browser,
        CancellationToken ct,
        ColorScheme theme = ColorScheme.Light,
        int width = 1440,
        IReadOnlyDictionary<string, string>? variables = null,
        DockerCli? docker = null)
    {
        var scene = new Scene(browser, docker ?? new DockerCli(), variables ?? new Dictionary<string, string>());
        scene.StartHub();
        return await scene.BeginAsync(async () =>
        {
            var line = await scene.Hub.WaitForLineAsync("Make the first user: ", ct);
            scene.SetUpLink = line[line.IndexOf("http", StringComparison.Ordinal)..];
            await scene.OpenAsync(theme, width);
        });
    }

    /// <summary>A hub with an agent of this machine's engine, and a browser that is signed in.</summary>
    public static async Task<Scene> StartAsync(
        Browser browser,
        CancellationToken ct,
        ColorScheme theme = ColorScheme.Light,
        int width = 1440,
        string hostname = "this-machine",
        IReadOnlyDictionary<string, string>? variables = null)
    {
        var scene = await StartHubAsync(browser, ct, theme, width);
        return await scene.BeginAsync(async () =>
        {
            await scene.StartAgentAsync(hostname, ct, variables);
            await scene.SetUpAsync();
        });
    }

    /// <summary>Starts the hub, at first or again with what it had.</summary>
    public void StartHub() => Hub = HubProcess.Start(new Dictionary<string, string>(_variables)
    {
        ["HUB_URLS"] = Address,
        ["HUB_DATA"] = _hubData.Path,
        ["HUB_ADMIN_KEY"] = AdminKey,
    });

    public async Task StartAgentAsync(string hostname, CancellationToken ct, IReadOnlyDictionary<string, string>? variables = null)
    {
        var token = (await Api.PostAsync("/api/tokens", null, ct)).GetProperty("token").GetString()!;
        var environment = new Dictionary<string, string>(variables ?? new Dictionary<string, string>())
        {
            ["DOCKMON_URL"] = Address.Replace("http", "ws", StringComparison.Ordinal),
            ["REGISTRATION_TOKEN"] = token,
            ["DATA_PATH"] = _agentData.Path,
            ["AGENT_NAME"] = hostname,
            ["RECONNECT_INITIAL"] = "100ms",
            ["RECONNECT_MAX"] = "1s",

            // Where the tests have docker compose, if the machine has none.
            ["PATH"] = $"{Path.Combine(Repository.Root, "artifacts/tools/compose")}:{Environment.GetEnvironmentVariable("PATH")}",
        };
        if (_docker.Host is { } engine)
        {
            environment["DOCKER_HOST"] = engine;
        }

        Agent = AgentProcess.Start(environment);
        await Retry.UntilAsync("the agent is connected", async () =>
            (await Api.GetAsync("/api/hosts", ct)).EnumerateArray().Any(host => host.GetProperty("connected").GetBoolean()), ct: ct);
    }

    /// <summary>Makes the first user in the browser.</summary>
    public async Task SetUpAsync()
    {
        await Page.GotoAsync(SetUpLink);
        await Page.GetByLabel("Name").FillAsync(User);
        await Page.GetByLabel("Password").FillAsync(Password);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Make the user" }).ClickAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Heading, new() { Name = "Hosts", Level = 1 })).ToBeVisibleAsync();
    }

    /// <summary>Signs in with what the sign-in page asks for first.</summary>
    public async Task SignInAsync(string name = User, string password = Password)
    {
        await Page.GetByLabel("Name").FillAsync(name);
        await Page.GetByLabel("Password").FillAsync(password);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
    }

    /// <summary>Goes to another address of the page, as a link would.</summary>
    public Task GoAsync(string path) => Page.GotoAsync(Address + path);

    /// <summary>Keeps a picture of what is shown, to be looked at: in <c>artifacts/page</c>.</summary>
    public Task PictureAsync(string name) =>
        Page.ScreenshotAsync(new() { Path = Path.Combine(Repository.Root, "artifacts/page", name + ".png"), Animations = ScreenshotAnimations.Disabled });

    /// <summary>What axe finds wrong with what is shown: one line for each rule and place.</summary>
    public async Task<IReadOnlyList<string>> AxeAsync()
    {
        await Page.EvaluateAsync(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "web/node_modules/axe-core/axe.min.js")) + "; null");
        var result = await Page.EvaluateAsync<JsonElement>("async () => await axe.run({ resultTypes: ['violations'] })");
        return [.. result.GetProperty("violations").EnumerateArray().SelectMany(rule => rule.GetProperty("nodes").EnumerateArray().Select(node =>
            new StringBuilder().Append(rule.GetProperty("id").GetString()).Append(": ").Append(node.GetProperty("html").GetString()).Append(' ')
                .Append(node.GetProperty("failureSummary").GetString()).ToString()))];
    }

    /// <summary>Looks at what is shown: keeps a picture, axe has nothing to say, and nothing is wider than the screen.</summary>
    public async Task LookAtAsync(string name)
    {
        await PictureAsync(name);
        (await AxeAsync()).ShouldBeEmpty(name);
        (await Page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
            .ShouldBe(0, name + " is wider than the screen");
    }

    public async ValueTask DisposeAsync()
    {
        // The runner shows it with a test that has failed.
        await _pageLog.TellAsync(Page, Hub, Agent);
        if (_context is not null)
        {
            await _context.DisposeAsync();
        }

        if (Agent is not null)
        {
            await Agent.DisposeAsync();
        }

        await Hub.DisposeAsync();
        await Containers.DisposeAsync();
        Api.Dispose();
        _agentData.Dispose();
        _hubData.Dispose();
    }

    /// <summary>Does a part of the set-up. When it fails, nobody else is there to end what it has started.</summary>
    private async Task<Scene> BeginAsync(Func<Task> setUp)
    {
        try
        {
            await setUp();
            return this;
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    private async Task OpenAsync(ColorScheme theme, int width)
    {
        _context = await _browser.NewContextAsync(theme, width);
        Page = await _context.NewPageAsync();
        _pageLog.Follow(Page);
        Page.PageError += (_, error) => _problems.Add(error);
        Page.Console += (_, message) =>
        {
            // A refused request is logged as an error by the browser itself, and is not one of the page.
            if (message.Type == "error" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal))
            {
                _problems.Add(message.Text);
            }
        };
    }
}
