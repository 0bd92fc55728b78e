namespace DockMon.Agent.Configuration;

/// <summary>The agent cannot start as it is set up. The message is one line that names the setting and what to do.</summary>
internal sealed class ConfigurationException(string message) : Exception(message);
