namespace DockMon.Hub.Access;

/// <summary>The address of a client, for the audit and the log.</summary>
internal static class ClientAddress
{
    public static string Text(HttpContext context) => context.Connection.RemoteIpAddress switch
    {
        null => "",
        { IsIPv4MappedToIPv6: true } mapped => mapped.MapToIPv4().ToString(),
        var address => address.ToString(),
    };
}
