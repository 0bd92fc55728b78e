using System.Net;
using DockMon.Hub.Access;
using DockMon.Hub.Access.Permissions;
using DockMon.Hub.Page;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Access;

public sealed class EndpointRuleTests : HubTests
{
    private List<RouteEndpoint> Endpoints => [.. Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()];

    [Fact]
    public void Each_endpoint_says_who_may_use_it()
    {
        Endpoints.Count.ShouldBeGreaterThan(30);
        Endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<AccessRule>() is null).Select(endpoint => endpoint.DisplayName).ShouldBeEmpty();
    }

    [Fact]
    public void Only_these_are_for_anyone() =>
        Endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<AccessRule>() is { Least: null }).Select(endpoint => endpoint.RoutePattern.RawText).Distinct()
            .ShouldBe(
                [
                    "/health", "/health/ready", "/api/setup", "/api/login", "/api/oidc/login", "/api/oidc/callback",
                    "/", "/assets/{name}", "/icon.svg", .. PageEndpoints.Rooms.Select(room => $"/{room}/{{**rest}}"),
                ],
                ignoreOrder: true);

    [Fact]
    public async Task Without_a_key_every_other_endpoint_answers_401()
    {
        using var nobody = new HubUser(Hub);
        foreach (var (method, path, endpoint) in Requests().Where(request => request.Endpoint.Metadata.GetMetadata<AccessRule>() is { Least: not null }))
        {
            (await nobody.AskAsync(method, path, null, Token)).Status.ShouldBe(HttpStatusCode.Unauthorized, endpoint.DisplayName);
        }

        (await nobody.GetAsync("/no/such/route", Token)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_host_without_the_tag_is_not_there_for_any_endpoint()
    {
        using var narrow = await HubUser.WithTokenAsync(Hub, "admin", Token, "staging");
        var onHost = Requests().Where(request => request.Endpoint.RoutePattern.RawText!.StartsWith(AccessGate.HostRoute, StringComparison.Ordinal)).ToList();
        onHost.Count.ShouldBeGreaterThan(15);
        foreach (var (method, path, endpoint) in onHost.Where(request => request.Endpoint.Metadata.GetMetadata<AccessRule>() is { IsGlobal: false }))
        {
            var (status, body) = await narrow.AskAsync(method, path, null, Token);
            (status, body.Contains($"there is no host {Agent.HostId}", StringComparison.Ordinal)).ShouldBe(
                (HttpStatusCode.NotFound, true),
                endpoint.DisplayName);
        }
    }

    [Theory]
    [InlineData("viewer")]
    [InlineData("operator")]
    public async Task Each_endpoint_that_takes_a_higher_role_refuses_a_lower_one(string name)
    {
        using var program = await HubUser.WithTokenAsync(Hub, name, Token);
        var role = Roles.Parse(name);
        foreach (var (method, path, endpoint) in Requests().Where(request => request.Endpoint.Metadata.GetMetadata<AccessRule>()!.Least > role))
        {
            (await program.AskAsync(method, path, null, Token)).Status.ShouldBe(HttpStatusCode.Forbidden, endpoint.DisplayName);
        }
    }

    /// <summary>A request for each endpoint and method, with the connected host where one is named.</summary>
    private IEnumerable<(HttpMethod Method, string Path, RouteEndpoint Endpoint)> Requests() =>
        from endpoint in Endpoints
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]
        where method != HttpMethods.Connect
        let route = endpoint.RoutePattern.RawText!.Replace(AccessGate.HostRoute, HostPath, StringComparison.Ordinal)
        select (new HttpMethod(method), string.Join('/', route.Split('/').Select(part => part.StartsWith('{') ? "x" : part)), endpoint);
}
