using System.Security.Cryptography;
using DockMon.Agent.Commands;
using DockMon.Engine;

namespace DockMon.Agent.Policies.Hiding;

/// <summary>
/// Answers requests about hidden containers as those about containers that do not exist: they are done with an id that nobody has, so that the order of checks
/// and the engine's words are the same. A server can tell neither from the other.
/// </summary>
internal static class MissingContainer
{
    /// <summary>Does a request as if its container did not exist.</summary>
    /// <param name="request">The request.</param>
    /// <param name="reference">The container as it names it.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="CommandException">The answer, as a rule.</exception>
    /// <exception cref="EngineException">The same.</exception>
    public static Task<byte[]> RunAsync(BoundRequest request, string reference, CancellationToken ct) =>
        AnswerAsync(reference, nobody => (request.About?.Invoke(nobody) ?? request).Run(ct));

    /// <summary>Says that a container does not exist, in the engine's words.</summary>
    /// <exception cref="EngineException">It does not exist.</exception>
    public static Task ThrowAsync(EngineClient engine, string reference, CancellationToken ct) =>
        AnswerAsync(reference, nobody => engine.InspectContainerAsync(nobody, ct));

    private static async Task<T> AnswerAsync<T>(string reference, Func<string, Task<T>> ask)
    {
        // Not a constant: somebody could give it to a container as its name.
        var nobody = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(ContainerId.Length / 2));
        try
        {
            return await ask(nobody);
        }
        catch (CommandException e)
        {
            throw new CommandException(e.Message.Replace(nobody, reference, StringComparison.Ordinal));
        }
        catch (EngineException e)
        {
            throw new EngineException(e.Message.Replace(nobody, reference, StringComparison.Ordinal), e.StatusCode);
        }
    }
}
