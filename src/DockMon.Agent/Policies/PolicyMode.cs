namespace DockMon.Agent.Policies;

/// <summary>How much a server may do on this host, in one word.</summary>
internal enum PolicyMode
{
    /// <summary>Look: lists, inspection, logs, events, statistics.</summary>
    Observe,

    /// <summary>And start, stop, restart and update the containers that are there.</summary>
    Operate,

    /// <summary>Everything.</summary>
    Full,
}
