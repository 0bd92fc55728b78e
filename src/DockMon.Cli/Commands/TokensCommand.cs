using System.Net.Http.Json;
using System.Text.Json;
using DockMon.Cli.Hub;
using DockMon.Cli.Output;

namespace DockMon.Cli.Commands;

/// <summary><c>dockmon tokens</c>: registration tokens of agents.</summary>
internal static class TokensCommand
{
    public static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        var arguments = context.Arguments;
        var uses = arguments.Number("--uses", 1, 10_000) ?? 1;
        var image = arguments.Option("--image") ?? "dockmon-agent";
        var (hub, console) = (context.Hub, context.Console);
        switch (arguments.Word("what to do (create, ls or rm)"))
        {
            case "create":
                arguments.Done();
                using (var body = JsonContent.Create(new NewTokenRequest(uses), CliJson.Default.NewTokenRequest))
                {
                    var token = await hub.SendAsync(HttpMethod.Post, "api/tokens", body, CliJson.Default.NewToken, ct);
                    await console.Out.WriteLineAsync(
                        context.Json ? JsonSerializer.Serialize(token, CliJson.Default.NewToken) : AgentSetup.Describe(context.Settings, token, image));
                }

                return ExitCodes.Success;
            case "ls":
                arguments.Done();
                var tokens = await hub.GetAsync("api/tokens", CliJson.Default.IReadOnlyListTokenSummary, ct);
                if (context.Json)
                {
                    await console.Out.WriteLineAsync(JsonSerializer.Serialize(tokens, CliJson.Default.IReadOnlyListTokenSummary));
                    return ExitCodes.Success;
                }

                var table = new Table("ID", "USES", "CREATED", "EXPIRES");
                foreach (var token in tokens)
                {
                    table.Add(token.Id, $"{token.Uses} of {token.MaxUses}", token.CreatedAt, token.ExpiresAt);
                }

                await table.WriteAsync(console);
                return ExitCodes.Success;
            case "rm":
                var id = arguments.Word("the token's id");
                arguments.Done();
                await hub.DoAsync(HttpMethod.Delete, $"api/tokens/{Uri.EscapeDataString(id)}", null, ct);
                return ExitCodes.Success;
            case var other:
                throw new CliException(ExitCodes.Usage, $"tokens has no \"{other}\": it must be create, ls or rm");
        }
    }
}
