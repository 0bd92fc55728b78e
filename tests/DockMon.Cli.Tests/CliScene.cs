using DockMon.Cli.Output;
using DockMon.Hub.Tests;
using DockMon.Testing;
using Xunit;

namespace DockMon.Cli.Tests;

/// <summary>Tests of the program against a hub in the same process with one agent, whose containers are known.</summary>
public abstract class CliScene : IAsyncLifetime
{
    private protected const string Containers =
        """
        [{"Id":"aaaa111122223333","Names":["/web"],"Image":"nginx:1","State":"running","Status":"Up 2 minutes (healthy)",
          "Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"}]},
         {"Id":"bbbb111122223333","Names":["/db"],"Image":"postgres:16","State":"exited","Status":"Exited (1) 1 hour ago"}]
        """;

    private protected TemporaryFolder Home { get; } = new();

    private protected HubFixture Hub { get; private set; } = null!;

    private protected FakeAgent Agent { get; private set; } = null!;

    private protected Dictionary<string, string> Variables { get; } = [];

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Hub = await HubFixture.StartAsync(Token);
        Agent = await Hub.StartAgentAsync(Token, hostname: "nas");
        Variables["HOME"] = Home.Path;
        Variables["DOCKMON_HUB"] = Hub.Http.BaseAddress!.ToString();
        Variables["DOCKMON_TOKEN"] = HubFixture.AdminKey;
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Hub.DisposeAsync();
        Home.Dispose();
    }

    /// <summary>Has the hub know the agent's containers.</summary>
    private protected Task ListAsync(string list = Containers) => Hub.ListAsync(Agent, list, Token);

    /// <summary>Runs the program to its end.</summary>
    private protected Task<(int ExitCode, string Out, string Error)> RunAsync(params string[] args) => TypeAsync("", args);

    /// <summary>Runs the program to its end with an input.</summary>
    private protected async Task<(int ExitCode, string Out, string Error)> TypeAsync(string input, params string[] args)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        using var reader = new StringReader(input);
        var exitCode = await CommandLine.RunAsync(args, new CliConsole(output, error, reader, Variables.GetValueOrDefault, Width: null), Token);
        return (exitCode, output.ToString(), error.ToString());
    }
}
