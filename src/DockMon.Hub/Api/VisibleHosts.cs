namespace DockMon.Hub.Api;

/// <summary>The hosts that a caller may see. An endpoint has it as a parameter: the request decides which it is.</summary>
/// <param name="Only">Ids of the hosts; null for all.</param>
internal sealed record VisibleHosts(IReadOnlySet<string>? Only)
{
    /// <summary>Every host.</summary>
    public static readonly VisibleHosts All = new((IReadOnlySet<string>?)null);

    public bool Sees(string hostId) => Only?.Contains(hostId) ?? true;

    /// <summary>Whether these are the same hosts.</summary>
    public bool Same(VisibleHosts other) => Only is null || other.Only is null ? Only == other.Only : Only.SetEquals(other.Only);

    /// <summary>What the middleware in front set for the request; every host when it set nothing.</summary>
    public static ValueTask<VisibleHosts?> BindAsync(HttpContext context) => ValueTask.FromResult<VisibleHosts?>(Of(context));

    public static VisibleHosts Of(HttpContext context) => context.Features.Get<VisibleHosts>() ?? All;
}
