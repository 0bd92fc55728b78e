using System.Text.Json.Nodes;

namespace DockMon.Agent.Update.Planning;

/// <summary>What has to be created in place of a container.</summary>
/// <param name="CreateBody">Docker's create body.</param>
/// <param name="Networks">The networks to connect after the creation, before the start: name to endpoint settings.</param>
/// <param name="Reasons">What was decided and why, one sentence each, for the log.</param>
internal sealed record UpdatePlan(JsonObject CreateBody, IReadOnlyList<KeyValuePair<string, JsonObject>> Networks, IReadOnlyList<string> Reasons);
