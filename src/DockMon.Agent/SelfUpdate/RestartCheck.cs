using DockMon.Agent.Commands;
using DockMon.Agent.Hosting;
using DockMon.Agent.Linux;
using DockMon.Engine;

namespace DockMon.Agent.SelfUpdate;

/// <summary>A new program that ends, with whatever code, takes its container along: somebody must be known to bring that back.</summary>
internal static class RestartCheck
{
    /// <exception cref="CommandException">Nobody is.</exception>
    /// <exception cref="EngineException">The engine does not tell.</exception>
    public static async Task EnsureAsync(EngineClient engine, OwnContainer own, CancellationToken ct)
    {
        if (own.Require() is { } self)
        {
            if ((await engine.InspectContainerAsync(self.Id, ct)).HostConfig.RestartPolicy?.Name is not ("always" or "unless-stopped"))
            {
                throw new CommandException(
                    $"refused: the restart policy of the agent's container {self.Name} is neither unless-stopped nor always, and a new version that "
                    + $"ended would cut this host off. Run: docker update --restart unless-stopped {self.Name}");
            }
        }
        else if (Machine.Current.InContainer)
        {
            throw new CommandException(
                "refused: the agent runs in a container that this engine does not let it see, so nobody could bring it back if a new version failed. "
                + "Update its image on the host itself");
        }
    }
}
