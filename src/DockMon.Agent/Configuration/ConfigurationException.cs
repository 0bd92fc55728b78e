namespace DockMon.Agent.Configuration;

/// <summary>The agent cannot start as it was told to. The message is one line and says what to change.</summary>
internal sealed class ConfigurationException(string message, Exception? innerException = null) : Exception(message, innerException);
