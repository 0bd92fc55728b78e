namespace DockMon.Hub.Agents;

/// <summary>Why a request to an agent has no result.</summary>
internal enum AgentFailure
{
    /// <summary>Its agent is not connected.</summary>
    NotConnected,

    /// <summary>It did not answer in time.</summary>
    TimedOut,

    /// <summary>It answered with an error.</summary>
    Refused,
}

/// <summary>A request to an agent that has no result.</summary>
internal sealed class AgentException(AgentFailure failure, string message) : Exception(message)
{
    public AgentFailure Failure => failure;
}
