namespace DockMon.Agent.Commands;

/// <summary>A request that cannot be done, in one sentence for the person who asked.</summary>
internal class CommandException(string message) : Exception(message);
