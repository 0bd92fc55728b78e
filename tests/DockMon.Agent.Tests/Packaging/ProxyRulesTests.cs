using System.Reflection;
using System.Text.RegularExpressions;
using DockMon.Agent.Policies;
using DockMon.Engine;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Packaging;

/// <summary>A proxy between agent and engine lets through what the code asks for, and nothing else.</summary>
public sealed class ProxyRulesTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_request_of_the_Engine_library_is_in_the_list()
    {
        var methods = typeof(EngineClient).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(method => !method.IsSpecialName && method.Name != nameof(IDisposable.Dispose))
            .Select(method => method.Name).Distinct();
        methods.Except(EngineRequests.Methods.Keys).ShouldBeEmpty("say in EngineRequests which actions need these requests");
    }

    [Theory]
    [InlineData(nameof(PolicyMode.Observe))]
    [InlineData(nameof(PolicyMode.Operate))]
    [InlineData(nameof(PolicyMode.Full))]
    public async Task The_rules_of_a_mode_are_what_its_actions_ask_for(string name)
    {
        var mode = Enum.Parse<PolicyMode>(name);
        var expected = ProxyRules.Write(mode, (await EngineRequests.RecordAsync(Token)).Concat(EngineRequests.OfCompose));
        var path = Path.Combine(Repository.Root, ProxyRules.FileOf(mode));
        var actual = File.Exists(path) ? await File.ReadAllTextAsync(path, Token) : "";
        if (actual != expected)
        {
            var made = Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "proxy")).FullName;
            await File.WriteAllTextAsync(Path.Combine(made, Path.GetFileName(path)), expected, Token);
        }

        actual.ShouldBe(expected, $"the code asks for something else: cp artifacts/proxy/{Path.GetFileName(path)} {ProxyRules.FileOf(mode)}");
    }

    [Theory]
    [InlineData("GET /containers/json", "observe operate full")]
    [InlineData("GET /v1.41/containers/json", "observe operate full")]
    [InlineData("GET /v1.41/containers/0123abc/json", "observe operate full")]
    [InlineData("GET /v1.41/images/ghcr.io%2Facme%2Fweb%3A1%40sha256%3A00/json", "observe operate full")]
    [InlineData("GET /v1.41/containers/web/logs", "observe operate full")]
    [InlineData("POST /v1.41/containers/web/start", "operate full")]
    [InlineData("POST /v1.41/containers/create", "operate full")]
    [InlineData("POST /v1.41/containers/web/exec", "full")]
    [InlineData("DELETE /v1.41/volumes/data", "full")]
    [InlineData("GET /v1.41/containers/web/archive", "full")]
    [InlineData("GET /v1.41/containers/web/export", "")]
    [InlineData("POST /v1.41/containers/web/attach", "")]
    [InlineData("POST /v1.41/build", "")]
    [InlineData("POST /v1.41/images/load", "")]
    [InlineData("GET /v1.41/images/get", "")]
    [InlineData("GET /v1.41/images/web/get", "")]
    [InlineData("POST /v1.41/swarm/init", "")]
    [InlineData("POST /v1.41/plugins/pull", "")]
    [InlineData("GET /v1.41/secrets", "")]
    [InlineData("POST /v1.41/containers/..%2Fcreate/start", "")]
    [InlineData("GET /v1.41/containers/%2e%2e/json", "")]
    [InlineData("GET /v1.41/images/%2e%2e%2fsecrets/json", "")]
    [InlineData("GET /v1.41/v1.41/containers/json", "")]
    [InlineData("GET /v1.41/containers/json/", "")]
    [InlineData("GET /v1.41/containers/json?all=1&filters=%7B%7D", "observe operate full")]
    [InlineData("GET /v1.41/secrets?x=/containers/json", "")]
    [InlineData("GET http://docker/containers/json", "")]
    [InlineData("get /containers/json", "")]
    public void What_a_proxy_lets_through_depends_on_the_mode(string request, string modes) => string.Join(' ', Enum.GetValues<PolicyMode>()
        .Where(mode => Rules(mode).Any(rule => Regex.IsMatch(request, rule)))
        .Select(mode => mode.ToString().ToLowerInvariant())).ShouldBe(modes);

    private static IEnumerable<string> Rules(PolicyMode mode) => ProxyRules.Read(Path.Combine(Repository.Root, ProxyRules.FileOf(mode)));
}
