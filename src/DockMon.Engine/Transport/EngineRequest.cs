using System.Net.Http.Headers;

namespace DockMon.Engine;

/// <summary>One request, kept as data so that it can be sent again with another API version.</summary>
internal sealed record EngineRequest(HttpMethod Method, string Path)
{
    public ReadOnlyMemory<byte> Body { get; init; }

    public string? RegistryAuth { get; init; }

    public bool Upgrade { get; init; }

    /// <summary>What messages call it: the query may be long and says little.</summary>
    public string Name => $"{Method} {Path.AsSpan(0, Path.IndexOf('?') is var at and >= 0 ? at : Path.Length)}";

    public static EngineRequest Get(string path) => new(HttpMethod.Get, path);

    public static EngineRequest Post(string path, ReadOnlyMemory<byte> body = default) => new(HttpMethod.Post, path) { Body = body };

    public HttpRequestMessage ToMessage(EngineEndpoint endpoint, Version? version)
    {
        var prefix = version is null ? "" : $"/v{version.Major}.{version.Minor}";
        var uri = new Uri(endpoint.BaseUri.AbsoluteUri.TrimEnd('/') + prefix + Path);
        var message = new HttpRequestMessage(Method, uri);
        if (Method == HttpMethod.Post)
        {
            message.Content = new ReadOnlyMemoryContent(Body);
            if (!Body.IsEmpty)
            {
                message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            }
        }

        if (RegistryAuth is not null)
        {
            message.Headers.Add("X-Registry-Auth", RegistryAuth);
        }

        if (Upgrade)
        {
            message.Headers.Connection.Add("Upgrade");
            message.Headers.Upgrade.Add(new ProductHeaderValue("tcp"));
        }

        return message;
    }
}
