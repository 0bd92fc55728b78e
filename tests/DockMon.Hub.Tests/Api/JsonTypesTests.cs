using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Api;

public sealed class JsonTypesTests : HubTests
{
    private const string Json = "application/json";

    private JsonSerializerOptions Options => Service<IOptions<JsonOptions>>().Value.SerializerOptions;

    [Fact]
    public void The_hub_of_a_test_has_no_more_types_than_a_native_one() =>
        Options.TypeInfoResolverChain.ShouldNotContain(resolver => resolver is DefaultJsonTypeInfoResolver);

    [Fact]
    public void Each_body_and_each_answer_of_an_endpoint_is_of_a_type_that_a_context_knows()
    {
        var types = Endpoints().SelectMany(endpoint => Types(endpoint).Select(type => (endpoint.DisplayName, Type: type))).ToList();
        types.Select(used => used.Type).Distinct().Count().ShouldBeGreaterThan(40);
        types.Where(used => !Options.TryGetTypeInfo(used.Type, out _)).ShouldBeEmpty();
    }

    private static IEnumerable<Type> Types(Endpoint endpoint)
    {
        foreach (var body in endpoint.Metadata.GetOrderedMetadata<IAcceptsMetadata>())
        {
            if (body.RequestType is { } type && body.ContentTypes.Contains(Json))
            {
                yield return type;
            }
        }

        foreach (var answer in endpoint.Metadata.GetOrderedMetadata<IProducesResponseTypeMetadata>())
        {
            if (answer.Type is { } type && type != typeof(void) && answer.ContentTypes.Contains(Json))
            {
                yield return type;
            }
        }
    }

    private IEnumerable<RouteEndpoint> Endpoints() => Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();
}
