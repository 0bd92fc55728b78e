using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using DockMon.Hub.Access.Permissions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace DockMon.Hub.Api.Contract;

/// <summary>Metadata of an endpoint that reads its JSON body itself, and takes none as well.</summary>
/// <param name="Type">What the body may hold.</param>
internal sealed record DescribedBody(Type Type);

/// <summary>Metadata of an endpoint whose answer is of one of two types.</summary>
/// <param name="Type">The one that it does not say it produces.</param>
internal sealed record AlsoAnswers(Type Type);

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
        options.AddSchemaTransformer((schema, context, _) =>
        {
            DescribeOptional(schema, context.JsonTypeInfo);
            return Task.CompletedTask;
        });
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
                operation.Tags?.Clear();
            }
        }

        document.Paths = paths;
    }

    /// <summary>What may be null is left out when it is, in answers; and it need not be in requests.</summary>
    private static void DescribeOptional(OpenApiSchema schema, JsonTypeInfo type)
    {
        foreach (var property in type.Properties.Where(property => property.IsGetNullable || property.ShouldSerialize is not null))
        {
            schema.Required?.Remove(property.Name);
        }
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
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        await DescribeContentAsync(operation, metadata, context, ct);
        var least = (metadata.OfType<AccessRule>().LastOrDefault() ?? AccessRule.Default).Least;
        var open = least is null;
        operation.Description ??= least > Role.Viewer ? $"Takes the role {least.Value.Name()}." : null;
        if (!open && context.Document is { } document)
        {
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(BearerScheme, document)] = [] }];
        }

        var problem = await context.GetOrCreateSchemaAsync(typeof(ProblemDetails), null, ct);
        context.Document?.AddComponent(nameof(ProblemDetails), problem);
        var own = operation.Responses.Keys.Select(status => int.Parse(status, CultureInfo.InvariantCulture)).Where(status => status >= 400).ToList();
        foreach (var status in Errors(least, path, operation, known?.AsksAgent == true).Union(own))
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

    /// <summary>What types say nothing of: bodies that an endpoint reads itself, and answers of agents, which are JSON.</summary>
    private static async Task DescribeContentAsync(
        OpenApiOperation operation, IList<object> metadata, OpenApiOperationTransformerContext context, CancellationToken ct)
    {
        if (metadata.OfType<DescribedBody>().SingleOrDefault() is { } body)
        {
            context.Document?.AddComponent(body.Type.Name, await context.GetOrCreateSchemaAsync(body.Type, null, ct));
            var schema = new OpenApiSchemaReference(body.Type.Name, context.Document);
            operation.RequestBody = new OpenApiRequestBody { Content = new Dictionary<string, OpenApiMediaType> { [Json] = new() { Schema = schema } } };
        }

        if (operation.Responses!.TryGetValue("200", out var ok) && ok is OpenApiResponse { Content: null or { Count: 0 } } bare)
        {
            bare.Content = new Dictionary<string, OpenApiMediaType> { [Json] = new() };
        }

        if (metadata.OfType<AlsoAnswers>().SingleOrDefault() is { } other && ok?.Content?[Json] is { Schema: { } first } content)
        {
            content.Schema = new OpenApiSchema { OneOf = [first, await context.GetOrCreateSchemaAsync(other.Type, null, ct)] };
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
            yield return StatusCodes.Status429TooManyRequests;
        }

        // What is asked of an agent may take more than its endpoint: a command that changes something, or secrets among the answer.
        if (least > Role.Viewer || asksAgent)
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
            yield return StatusCodes.Status503ServiceUnavailable;
            yield return StatusCodes.Status504GatewayTimeout;
        }
    }
}
