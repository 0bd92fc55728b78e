using System.Globalization;
using DockMon.Hub.Access;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace DockMon.Hub.Api;

/// <summary>
/// The description of the API, <c>docs/openapi.json</c>: a contract that others generate code from. Every operation has a stable id
/// (<see cref="OperationIds"/>), and the errors that any of its kind may have.
/// </summary>
internal static class OpenApiContract
{
    private const string Json = "application/json";

    private const string Problem = "application/problem+json";

    private const string BearerScheme = "bearer";

    public static void AddOpenApiContract(this IServiceCollection services) => services.AddOpenApi(options =>
    {
        options.AddOperationTransformer(DescribeAsync);
        options.AddDocumentTransformer((document, _, _) =>
        {
            Describe(document);
            return Task.CompletedTask;
        });
    });

    private static void Describe(OpenApiDocument document)
    {
        document.Info = new OpenApiInfo
        {
            Title = "DockMon hub",
            Version = "v1",
            Description = "Errors are problem details (RFC 9457): their type is stable, their detail is for people.",
        };
        document.Servers?.Clear();
        document.Tags?.Clear();
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes[BearerScheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = BearerScheme };
        var paths = new OpenApiPaths();
        foreach (var (path, item) in document.Paths.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            paths.Add(path, item);
            foreach (var (_, operation) in item.Operations ?? [])
            {
                operation.Tags = null;
            }
        }

        document.Paths = paths;
    }

    private static async Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken ct)
    {
        var path = "/" + context.Description.RelativePath?.Trim('/');
        OperationIds.Of.TryGetValue($"{context.Description.HttpMethod} {path}", out var known);
        operation.OperationId ??= known?.Id;
        foreach (var parameter in (operation.Parameters ?? []).OfType<OpenApiParameter>().Where(parameter => parameter.In == ParameterLocation.Query))
        {
            parameter.Required = false;
        }

        operation.Responses ??= [];
        if (!operation.Responses.Keys.Any(status => status.StartsWith('2') || status.StartsWith('1')))
        {
            operation.Responses["200"] = new OpenApiResponse { Description = "OK", Content = new Dictionary<string, OpenApiMediaType> { [Json] = new() } };
        }

        var least = (context.Description.ActionDescriptor.EndpointMetadata.OfType<AccessRule>().LastOrDefault() ?? AccessRule.Default).Least;
        var open = least is null;
        operation.Description ??= least > Role.Viewer ? $"Takes the role {least.Value.Name()}." : null;
        if (!open && context.Document is { } document)
        {
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(BearerScheme, document)] = [] }];
        }

        var problem = await context.GetOrCreateSchemaAsync(typeof(ProblemDetails), null, ct);
        context.Document?.AddComponent(nameof(ProblemDetails), problem);
        foreach (var status in Errors(least, path, operation, known?.AsksAgent == true))
        {
            operation.Responses[status.ToString(CultureInfo.InvariantCulture)] = new OpenApiResponse
            {
                Description = ProblemTypes.Describe(status),
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    [Problem] = new() { Schema = new OpenApiSchemaReference(nameof(ProblemDetails), context.Document) },
                },
            };
        }
    }

    private static IEnumerable<int> Errors(Role? least, string path, OpenApiOperation operation, bool asksAgent)
    {
        if (operation.Parameters?.Any(parameter => parameter.In == ParameterLocation.Query) == true || operation.RequestBody is not null)
        {
            yield return StatusCodes.Status400BadRequest;
        }

        if (least is not null)
        {
            yield return StatusCodes.Status401Unauthorized;
        }

        if (least > Role.Viewer)
        {
            yield return StatusCodes.Status403Forbidden;
        }

        if (path.Contains('{', StringComparison.Ordinal))
        {
            yield return StatusCodes.Status404NotFound;
        }

        if (operation.RequestBody is not null)
        {
            yield return StatusCodes.Status413PayloadTooLarge;
        }

        if (asksAgent)
        {
            yield return StatusCodes.Status409Conflict;
            yield return StatusCodes.Status502BadGateway;
            yield return StatusCodes.Status504GatewayTimeout;
        }
    }
}
