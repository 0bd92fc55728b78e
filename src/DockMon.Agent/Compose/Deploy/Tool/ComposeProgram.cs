namespace DockMon.Agent.Compose.Deploy.Tool;

/// <summary>Compose, with the variables that it is started with: no others.</summary>
internal sealed record ComposeProgram(ComposeTool Tool, IReadOnlyDictionary<string, string> Environment);
