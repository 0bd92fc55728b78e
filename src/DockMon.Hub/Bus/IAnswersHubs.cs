namespace DockMon.Hub.Bus;

/// <summary>What answers requests of other hubs.</summary>
internal interface IAnswersHubs
{
    /// <summary>Says which requests, before the hub joins the others.</summary>
    void Register(HubLink link);
}
