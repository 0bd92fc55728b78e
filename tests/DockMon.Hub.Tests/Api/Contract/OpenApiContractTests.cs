using System.Text.Encodings.Web;
using System.Text.Json;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Api.Contract;

public sealed class OpenApiContractTests : HubTests
{
    private const string WriteVariable = "DOCKMON_WRITE_OPENAPI";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task The_contract_that_is_checked_in_is_what_the_hub_says_of_itself()
    {
        var now = JsonSerializer.Serialize(await GetDocumentAsync(), Indented) + "\n";
        var file = Path.Combine(Repository.Root, "docs/openapi.json");
        if (Environment.GetEnvironmentVariable(WriteVariable) == "1")
        {
            await File.WriteAllTextAsync(file, now, Token);
        }

        (await File.ReadAllTextAsync(file, Token) == now).ShouldBeTrue(
            $"The API is not what docs/openapi.json says: if that is meant, run this test with {WriteVariable}=1 and look at what changed.");
    }

    [Fact]
    public async Task Every_operation_has_an_id_of_its_own_a_summary_and_its_errors()
    {
        var ids = new HashSet<string>();
        foreach (var (name, operation) in Operations(await GetDocumentAsync()))
        {
            operation.TryGetProperty("operationId", out var id).ShouldBeTrue($"{name} has no line in OperationIds");
            ids.Add(id.GetString()!).ShouldBeTrue($"{id} is the id of two operations");
            operation.TryGetProperty("summary", out var summary).ShouldBeTrue($"{name} has no summary");
            summary.GetString()!.ShouldEndWith(".");
            var responses = operation.GetProperty("responses").EnumerateObject().Select(response => response.Name).ToList();
            responses.ShouldContain(status => status.StartsWith('2') || status == "101", name);
            if (name is not ("get /health" or "get /health/ready" or "post /api/setup" or "post /api/login"))
            {
                responses.ShouldContain("401", name);
            }

            if (name.Contains('{', StringComparison.Ordinal))
            {
                responses.ShouldContain("404", name);
            }
        }

        ids.Count.ShouldBeGreaterThan(25);
    }

    [Theory]
    [InlineData("/api/hosts/none", "host_not_found")]
    [InlineData("/api/nothing", "not_found")]
    [InlineData("/api/containers?sort=x", "invalid_request")]
    public async Task An_error_has_a_type_for_programs(string path, string type) =>
        JsonElement.Parse((await Hub.AskAsync(HttpMethod.Get, path, null, Token)).Body).GetProperty("type").GetString()
            .ShouldBe("urn:dockmon:problem:" + type);

    private static IEnumerable<(string Name, JsonElement Operation)> Operations(JsonElement document) =>
        document.GetProperty("paths").EnumerateObject().SelectMany(path =>
            path.Value.EnumerateObject().Select(method => ($"{method.Name} {path.Name}", method.Value)));

    private async Task<JsonElement> GetDocumentAsync() => JsonElement.Parse(await Hub.Http.GetStringAsync("/openapi/v1.json", Token));
}
