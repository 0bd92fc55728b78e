namespace DockMon.Hub.Agents;

/// <summary>Kind of failure of a request to an agent.</summary>
internal enum AgentFailure
{
    /// <summary>The agent is not connected.</summary>
    NotConnected,

    /// <summary>The agent did not answer in time.</summary>
    TimedOut,

    /// <summary>The agent is connected to another hub, which cannot be reached.</summary>
    Unreachable,

    /// <summary>The agent answered with an error.</summary>
    Refused,

    /// <summary>The agent has not the extension of the protocol that this needs.</summary>
    Unsupported,
}

/// <summary>A failed request to an agent.</summary>
internal sealed class AgentException(AgentFailure failure, string message) : Exception(message)
{
    public AgentFailure Failure => failure;
}
