using System.Diagnostics.CodeAnalysis;

namespace DockMon.Fuzz;

/// <summary>Results of asynchronous methods, for targets, which are functions.</summary>
internal static class Waiting
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(45);

    /// <summary>For what may take a moment, as a database does.</summary>
    [SuppressMessage("Usage", "VSTHRD002:Avoid problematic synchronous waits", Justification = "A target is a function, and there is no other thread to keep.")]
    public static T Ended<T>(this Task<T> task)
    {
        FuzzFailure.When(!((IAsyncResult)task).AsyncWaitHandle.WaitOne(Limit), "it does not end");
        return task.GetAwaiter().GetResult();
    }

    /// <inheritdoc cref="Ended{T}(Task{T})"/>
    [SuppressMessage("Usage", "VSTHRD002:Avoid problematic synchronous waits", Justification = "As above.")]
    public static void Ended(this Task task)
    {
        FuzzFailure.When(!((IAsyncResult)task).AsyncWaitHandle.WaitOne(Limit), "it does not end");
        task.GetAwaiter().GetResult();
    }

    /// <summary>For what is asynchronous because of its stream, where the stream never waits.</summary>
    [SuppressMessage("Usage", "VSTHRD002:Avoid problematic synchronous waits", Justification = "It is complete, or a failure is told.")]
    public static T Now<T>(this ValueTask<T> task)
    {
        FuzzFailure.When(!task.IsCompleted, "it waits for something that is not its input");
        return task.GetAwaiter().GetResult();
    }
}
