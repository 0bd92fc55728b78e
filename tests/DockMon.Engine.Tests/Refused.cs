using System.Net;
using DockMon.Testing;

namespace DockMon.Engine.Tests;

/// <summary>Calls that the engine refuses.</summary>
internal static class Refused
{
    public static async Task ShouldThrowAsync(params Func<EngineClient, Task>[] calls)
    {
        await using var engine = ScriptedEngine.Answering(_ => ScriptedAnswer.Json("""{"message":"in use"}""", 409));
        using var client = new EngineClient(engine.Endpoint, TimeProvider.System);
        foreach (var call in calls)
        {
            var error = await Should.ThrowAsync<EngineException>(() => call(client));
            (error.Message, error.StatusCode).ShouldBe(("in use", HttpStatusCode.Conflict));
        }
    }
}
