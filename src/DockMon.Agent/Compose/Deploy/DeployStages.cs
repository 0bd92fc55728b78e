namespace DockMon.Agent.Compose.Deploy;

/// <summary>Values of <c>stage</c> in <c>deploy_progress</c>.</summary>
internal static class DeployStages
{
    public const string Validating = "validating";
    public const string Parsing = "parsing";
    public const string CreatingNetworks = "creating_networks";
    public const string CreatingVolumes = "creating_volumes";
    public const string PullingImage = "pulling_image";
    public const string Creating = "creating";
    public const string Starting = "starting";
    public const string HealthCheck = "health_check";
    public const string Completed = "completed";
    public const string Failed = "failed";
}
