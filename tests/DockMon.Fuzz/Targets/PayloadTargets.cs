using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DockMon.Agent.Commands;
using DockMon.Agent.Commands.Containers;
using DockMon.Agent.Compose.Deploy;
using DockMon.Agent.Compose.Deploy.Project;
using DockMon.Agent.Compose.Discovery;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Streams.HealthChecks;
using DockMon.Engine;
using DockMon.Protocol;

namespace DockMon.Fuzz.Targets;

/// <summary>The payloads of requests, as far as they are looked at before anything is done.</summary>
internal static class PayloadTargets
{
    private static readonly Action<JsonElement>[] Readers =
    [
        Typed(ProtocolJson.Default.ContainerOperation, Creation),
        Typed(ProtocolJson.Default.ContainerOperation, _ => { }),
        Typed(ProtocolJson.Default.UpdateContainerRequest, request => ImageOf(request.NewImage)),
        Typed(ProtocolJson.Default.SelfUpdateRequest, request => ImageOf(request.Image)),
        Typed(ProtocolJson.Default.DeployComposeRequest, Deployment),
        Typed(ProtocolJson.Default.ReadComposeRequest, request => ComposeNames.IsForbidden(request.Path ?? "")),
        Typed(ProtocolJson.Default.ScanComposeRequest, _ => { }),
        Typed(ProtocolJson.Default.RemoveImageRequest, request => ImageOf(request.ImageId)),
        Typed(ProtocolJson.Default.CreateNetworkRequest, _ => { }),
        Typed(ProtocolJson.Default.DeleteNetworkRequest, _ => { }),
        Typed(ProtocolJson.Default.CreateVolumeRequest, _ => { }),
        Typed(ProtocolJson.Default.DeleteVolumeRequest, _ => { }),
        payload => HealthCheckReader.Read(payload),
        payload => HealthCheckReader.ReadAll(payload, _ => { }),
        Typed(ProtocolJson.Default.ShellSession, _ => { }),
    ];

    /// <summary>The first byte chooses the request (A is the first), the others are its payload.</summary>
    public static void Payload(byte[] input)
    {
        if (input.Length < 2)
        {
            return;
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(input.AsMemory(1), new JsonDocumentOptions { MaxDepth = ProtocolLimits.JsonDepth });
        }
        catch (JsonException)
        {
            return;
        }

        using (document)
        {
            FuzzTarget.TryRead<CommandException>(() => FuzzTarget.Choose(Readers, input[0])(document.RootElement));
        }
    }

    private static Action<JsonElement> Typed<T>(JsonTypeInfo<T> type, Action<T> look)
        where T : class => payload =>
        {
            var request = Route.Read(payload, type);
            _ = Subject.Of(request);
            look(request);
        };

    private static void Creation(ContainerOperation request)
    {
        var container = CreateConfig.Read(request.Config);
        if (container.MoreNetworks.Count > 0)
        {
            container.JoinAll();
        }

        _ = container.Body.ToJsonString();
    }

    private static void ImageOf(string? reference)
    {
        if (!string.IsNullOrWhiteSpace(reference))
        {
            FuzzTarget.TryRead<ArgumentException>(() => _ = ImageReference.Parse(reference).Registry);
        }
    }

    private static void Deployment(DeployComposeRequest request)
    {
        DeployRequests.Check(request);
        _ = RegistryConfig.ToJson(request.RegistryCredentials ?? []);
        if (request.ComposeContent is not null)
        {
            _ = StackFolder.FilesOf(request);
        }
    }
}
