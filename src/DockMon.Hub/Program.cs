using DockMon.Hub.Access.SignIn;
using DockMon.Hub.Storage;
using DockMon.Hub.Storage.Tables;

namespace DockMon.Hub;

internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        var what = args is [var verb, ..] ? $"dockmon-hub {verb} failed" : "dockmon-hub cannot start";
        try
        {
            var options = HubOptions.Load(Environment.GetEnvironmentVariable);
            switch (args)
            {
                case []:
                    DescriptorLimit.Raise();
                    await using (var app = await HubApplication.BuildAsync(options))
                    {
                        await app.RunAsync();
                    }

                    return 0;
                case ["token"]:
                    await using (var database = new Database(options))
                    {
                        await database.OpenAsync(CancellationToken.None);
                        var token = await new Tokens(database, TimeProvider.System).CreateAsync(maxUses: 1, CancellationToken.None);
                        await Console.Out.WriteLineAsync(token.Token);
                    }

                    return 0;
                case ["health"]:
                    return await HealthVerb.RunAsync(options.Urls, Console.Out, CancellationToken.None);
                case ["user", .. var arguments]:
                    await using (var database = new Database(options))
                    {
                        await database.OpenAsync(CancellationToken.None);
                        return await UserVerb.RunAsync(arguments, database, options, Console.Out, Console.Error, CancellationToken.None);
                    }

                case ["backup" or "restore" or "migrate", ..]:
                    return await StorageVerbs.RunAsync(args, options, Console.Out, Console.Error, CancellationToken.None);
                case ["version"]:
                    await Console.Out.WriteLineAsync(HubApplication.Version);
                    return 0;
                default:
                    await Console.Error.WriteLineAsync(
                        "usage: dockmon-hub [health | token | version]\n       "
                            + StorageVerbs.Usage
                            + "\n       "
                            + UserVerb.Usage
                            + "\nConfiguration comes from environment variables: see docs/configuration.md.");
                    return 2;
            }
        }
        catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException or System.Data.Common.DbException)
        {
            await Console.Error.WriteLineAsync($"{what}: {e.Message}");
            return 1;
        }
        catch (TypeInitializationException e) when (e.GetBaseException() is DllNotFoundException missing)
        {
            await Console.Error.WriteLineAsync(
                what + ": its library libe_sqlite3.so cannot be loaded. It belongs into the directory of the program, "
                + $"{AppContext.BaseDirectory}: install the hub again, or copy it there from the release ({missing.Message.Split('\n')[0].TrimEnd(' ', ':')})");
            return 1;
        }
    }
}
