namespace DockMon.Testing;

/// <summary>Networks with a subnet of their own, for tests that give containers static addresses.</summary>
public static class TestNetwork
{
    private const int Tries = 20;

    /// <summary>
    /// Makes a network where no other is: outside of what engines give to networks by themselves, and by chance, because several engines, and what an
    /// earlier run was killed with, share this machine.
    /// </summary>
    /// <returns>The first three numbers of its addresses, as in <c>10.213.77</c>; the last one goes from 2 to 254.</returns>
    public static async Task<string> CreateAsync(DockerCli docker, string name, CancellationToken ct)
    {
        for (var tries = 1; ; tries++)
        {
            var subnet = $"10.{Random.Shared.Next(200, 250)}.{Random.Shared.Next(256)}";
            var (code, _, error) = await docker.TryRunAsync(["network", "create", "--subnet", $"{subnet}.0/24", name], ct);
            if (code == 0)
            {
                return subnet;
            }

            if (tries == Tries)
            {
                throw new InvalidOperationException($"The network {name} cannot be made: {error}");
            }
        }
    }
}
