using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace DockMon.Agent.Linux;

/// <summary>The routes of <c>/proc/net/route</c>, to tell which interface an address belongs to.</summary>
internal sealed class RouteTable
{
    private readonly List<Route> _routes = [];

    /// <summary>The interface of the default route with the lowest metric; null without one.</summary>
    public string? DefaultInterface => _routes.Where(route => route.Mask == 0).OrderBy(route => route.Metric).FirstOrDefault()?.Interface;

    public static RouteTable Parse(string text)
    {
        var table = new RouteTable();
        foreach (var line in text.Split('\n').Skip(1))
        {
            // Iface Destination Gateway Flags RefCnt Use Metric Mask …
            var fields = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 7 && TryAddress(fields[1], out var destination) && TryAddress(fields[7], out var mask)
                && int.TryParse(fields[6], NumberStyles.None, CultureInfo.InvariantCulture, out var metric))
            {
                table._routes.Add(new Route(fields[0], destination, mask, metric));
            }
        }

        return table;
    }

    /// <summary>The interface of the most particular route that covers an address; null when none does.</summary>
    public string? InterfaceOf(IPAddress address)
    {
        var number = BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());
        return _routes.Where(route => (number & route.Mask) == route.Destination)
            .OrderByDescending(route => route.Mask).ThenBy(route => route.Metric).FirstOrDefault()?.Interface;
    }

    // The kernel prints the four bytes as one number of its own byte order, which is little-endian on every processor this runs on.
    private static bool TryAddress(string hexadecimal, out uint address)
    {
        var valid = uint.TryParse(hexadecimal, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var reversed);
        address = BinaryPrimitives.ReverseEndianness(reversed);
        return valid;
    }

    private sealed record Route(string Interface, uint Destination, uint Mask, int Metric);
}
