namespace DockMon.Testing;

/// <summary>The image tests make containers from: busybox, made locally by <c>./test</c>, never pulled.</summary>
public static class TestImage
{
    /// <summary>Variable that names another one.</summary>
    public const string Variable = "DOCKMON_TEST_IMAGE";

    /// <summary>The image where nothing else is said.</summary>
    public const string Default = "dockmon-test/busybox:1";

    /// <summary>The image's name.</summary>
    public static string Name => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } name ? name : Default;

    /// <summary>Sees to it that an engine has the image, from this machine's own.</summary>
    public static async Task EnsureOnAsync(DockerCli docker, CancellationToken ct)
    {
        if ((await docker.TryRunAsync(["image", "inspect", Name], ct)).ExitCode != 0)
        {
            using var folder = new TemporaryFolder();
            var archive = System.IO.Path.Combine(folder.Path, "image.tar");
            await new DockerCli().RunAsync(["save", "-o", archive, Name], ct);
            await docker.RunAsync(["load", "-i", archive], ct);
        }
    }
}
