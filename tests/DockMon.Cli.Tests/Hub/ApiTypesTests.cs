using System.Text.Json;
using DockMon.Cli.Hub;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Cli.Tests.Hub;

public sealed class ApiTypesTests
{
    [Theory]
    [InlineData(typeof(HostAnswer))]
    [InlineData(typeof(ContainerPage))]
    [InlineData(typeof(ContainerAnswer))]
    [InlineData(typeof(ContainerFigures))]
    [InlineData(typeof(PublishedPort))]
    [InlineData(typeof(NewToken))]
    [InlineData(typeof(NewTokenRequest))]
    [InlineData(typeof(TokenSummary))]
    [InlineData(typeof(OperationAnswer))]
    [InlineData(typeof(UpdateRequest))]
    [InlineData(typeof(StackRequest))]
    [InlineData(typeof(StackSummary))]
    [InlineData(typeof(ProblemAnswer), "ProblemDetails")]
    public void What_the_program_reads_is_in_the_contract(Type type, string? name = null)
    {
        var contract = JsonElement.Parse(File.ReadAllText(Path.Combine(Repository.Root, "docs/openapi.json")));
        var schema = contract.GetProperty("components").GetProperty("schemas").GetProperty(name ?? type.Name).GetProperty("properties");
        foreach (var property in CliJson.Default.GetTypeInfo(type)!.Properties.Where(property => property.Get is not null))
        {
            schema.TryGetProperty(property.Name, out var described).ShouldBeTrue($"{type.Name} in docs/openapi.json has no {property.Name}");
            Kind(property.PropertyType).ShouldBeOneOf([.. Kinds(described)], $"{type.Name}.{property.Name}");
        }
    }

    private static IEnumerable<string> Kinds(JsonElement schema) =>
        !schema.TryGetProperty("type", out var type) ? ["object", "any"]
            : type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(one => one.GetString()!)
            : [type.GetString()!];

    private static string Kind(Type type) => type == typeof(string) ? "string"
        : type == typeof(bool) ? "boolean"
        : type == typeof(int) || type == typeof(long) ? "integer"
        : type == typeof(double) ? "number"
        : type == typeof(JsonElement) ? "any"
        : type.IsArray || type.IsGenericType ? "array" : "object";
}
