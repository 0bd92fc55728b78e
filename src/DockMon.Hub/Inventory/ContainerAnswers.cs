using System.Text.Json;
using DockMon.Protocol;

namespace DockMon.Hub.Inventory;

/// <summary>Containers, as the API returns them.</summary>
internal static class ContainerAnswers
{
    public static ContainerAnswer Show(ContainerRecord row, string host, bool connected, ContainerFigures? figures) => new()
    {
        HostId = row.HostId,
        Host = host,
        HostConnected = connected,
        Id = row.Id,
        Name = row.Name,
        Image = row.Image,
        ImageId = row.ImageId,
        State = row.State,
        Status = row.Status,
        Health = row.Health,
        Created = Rfc3339.FormatSeconds(DateTimeOffset.FromUnixTimeSeconds(row.Created)),
        StartedAt = row.StartedAt,
        Ports = JsonSerializer.Deserialize(row.Ports, InventoryJson.Default.PublishedPortArray) ?? [],
        Project = row.Project,
        Service = row.Service,
        Figures = figures,
    };
}
