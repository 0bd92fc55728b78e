using System.Runtime.CompilerServices;
using DockMon.Testing;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>Keeps what the programs of a test wrote in DOCKMON_TEST_LOGS/CLASS.METHOD. <c>./test</c> shows the end of it for each test that failed.</summary>
internal static class TestLog
{
    [ModuleInitializer]
    internal static void Start()
    {
        if (Environment.GetEnvironmentVariable("DOCKMON_TEST_LOGS") is { Length: > 0 } folder)
        {
            ProgramProcess.LogFolder = () => TestContext.Current.TestMethod is { } method
                ? Path.Combine(folder, $"{method.TestClass.TestClassName}.{method.MethodName}")
                : null;
        }
    }
}
