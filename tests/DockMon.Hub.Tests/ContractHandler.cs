using System.Text.Json;
using DockMon.Testing;
using Shouldly;

namespace DockMon.Hub.Tests;

/// <summary>Fails a test in which the hub answers what docs/openapi.json does not say: another status or another type of content.</summary>
internal sealed class ContractHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private static readonly List<(string[] Path, string Method, JsonElement Responses)> Operations =
    [
        .. from path in JsonElement.Parse(File.ReadAllText(Path.Combine(Repository.Root, "docs/openapi.json"))).GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        orderby path.Name.Count(letter => letter == '{')
        select (path.Name.Split('/'), operation.Name.ToUpperInvariant(), operation.Value.GetProperty("responses")),
    ];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var answer = await base.SendAsync(request, cancellationToken);
        var path = request.RequestUri!.AbsolutePath.Split('/');
        if ((int)answer.StatusCode < 500
            && Operations.Find(known => known.Method == request.Method.Method && IsLike(known.Path, path)) is { Path: not null } operation)
        {
            var what = $"{request.Method} {string.Join('/', operation.Path)} answered {(int)answer.StatusCode}";
            operation.Responses.TryGetProperty(((int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture), out var response)
                .ShouldBeTrue(what);
            var types = response.TryGetProperty("content", out var content) ? content.EnumerateObject().Select(type => type.Name).ToList() : [];
            (answer.Content.Headers.ContentType?.MediaType ?? "").ShouldBeOneOf(types.Count == 0 ? [""] : [.. types], what);
        }

        return answer;
    }

    private static bool IsLike(string[] known, string[] path) =>
        known.Length == path.Length && known.Zip(path).All(part => part.First.StartsWith('{') || part.First == part.Second);
}
