using DockMon.Agent.Commands;
using DockMon.Engine;

namespace DockMon.Agent.Policies.Facts;

/// <summary>
/// Has things done on the container that was judged. A name may be another container's a moment later, and so may the beginning of an id: what is judged by
/// a reference is done by the id that was found for it. Errors name the container as it was asked for.
/// </summary>
internal static class JudgedContainer
{
    /// <summary>Makes a request about the container with an id out of one.</summary>
    public static BoundRequest Pin(BoundRequest request, string id)
    {
        var pinned = request.About?.Invoke(id) ?? request;
        return pinned with { Run = ct => RunAsync(id, request.Subject.Container ?? id, () => pinned.Run(ct)) };
    }

    /// <summary>Does something on the container with an id.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="reference">What it was asked for by.</param>
    /// <param name="run">Does it.</param>
    /// <exception cref="CommandException">It cannot be done.</exception>
    /// <exception cref="EngineException">The engine refuses it.</exception>
    public static async Task<T> RunAsync<T>(string id, string reference, Func<Task<T>> run)
    {
        try
        {
            return await run();
        }
        catch (CommandException e) when (e.Message.Contains(id, StringComparison.Ordinal))
        {
            throw new CommandException(e.Message.Replace(id, reference, StringComparison.Ordinal));
        }
        catch (EngineException e) when (e.Message.Contains(id, StringComparison.Ordinal))
        {
            throw new EngineException(e.Message.Replace(id, reference, StringComparison.Ordinal), e.StatusCode);
        }
    }
}
