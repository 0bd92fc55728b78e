namespace DockMon.Testing;

/// <summary>The image tests make containers from: busybox, made locally by <c>eng/test-image</c>, never pulled.</summary>
public static class TestImage
{
    /// <summary>Variable that names another one.</summary>
    public const string Variable = "DOCKMON_TEST_IMAGE";

    /// <summary>The image where nothing else is said.</summary>
    public const string Default = "dockmon-test/busybox:1";

    /// <summary>The image's name.</summary>
    public static string Name => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } name ? name : Default;
}
