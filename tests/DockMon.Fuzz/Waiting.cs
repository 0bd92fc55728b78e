using System.Diagnostics.CodeAnalysis;

namespace DockMon.Fuzz;

/// <summary>Results of methods that are asynchronous for their streams, where the streams never wait.</summary>
internal static class Waiting
{
    [SuppressMessage("Usage", "VSTHRD002:Avoid problematic synchronous waits", Justification = "It is complete, or a failure is told.")]
    public static T Now<T>(this ValueTask<T> task)
    {
        FuzzFailure.When(!task.IsCompleted, "it waits for something that is not its input");
        return task.GetAwaiter().GetResult();
    }
}
