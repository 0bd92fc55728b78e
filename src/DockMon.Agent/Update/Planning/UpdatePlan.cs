using System.Text.Json.Nodes;

namespace DockMon.Agent.Update.Planning;

/// <summary>The container that replaces another one.</summary>
/// <param name="CreateBody">Docker's create body.</param>
/// <param name="Networks">The networks to connect it to after the creation and before the start, by name, with their endpoint settings.</param>
/// <param name="Reasons">The decisions and their reasons, one sentence each, for the log.</param>
internal sealed record UpdatePlan(JsonObject CreateBody, IReadOnlyList<KeyValuePair<string, JsonObject>> Networks, IReadOnlyList<string> Reasons)
{
    /// <summary>The id of the image that the policy has judged; null where it judges none. The name may mean another one by now.</summary>
    public string? ImageId { get; init; }
}
