using System.Net.Http.Json;
using System.Text.Json;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

public sealed class HealthCheckTests() : InstallationTests("dockmon-it-health")
{
    [Fact]
    public async Task A_service_is_healthy_until_it_stops_and_its_checks_outlive_a_restart_of_both_programs()
    {
        var id = await Containers.RunAsync(["sh", "-c", "mkdir /www && echo fine > /www/index.html && exec httpd -f -p 8080 -h /www"], Token);
        var address = await Docker.RunAsync(["inspect", "--format", "{{.NetworkSettings.IPAddress}}", id], Token);
        using var results = await ResultsAsync();
        object[] configs = [
            new { container_id = id[..12], url = $"http://{address}:8080/", check_interval_seconds = 1 },
            new { container_id = "wrong", url = "nowhere", check_interval_seconds = 1 }
        ];
        (await Installation.Http.PutAsJsonAsync($"/api/hosts/{Installation.HostId}/health-checks", configs, Token)).EnsureSuccessStatusCode();

        var healthy = await NextAsync(results, id[..12], result => result.GetProperty("healthy").GetBoolean());
        healthy.GetProperty("status_code").GetInt32().ShouldBe(200);
        healthy.GetProperty("host_id").GetString().ShouldBe(Installation.HostId);
        (await NextAsync(results, "wrong", _ => true)).GetProperty("error_message").GetString().ShouldNotBeNull().ShouldContain("url is not a URL");

        await Docker.RunAsync(["stop", "-t", "1", id], Token);
        (await NextAsync(results, id[..12], result => !result.GetProperty("healthy").GetBoolean()))
            .GetProperty("error_message")
            .GetString()
            .ShouldNotBeNull()
            .ShouldStartWith($"GET http://{address}:8080/: ");

        await Installation.Agent.DisposeAsync();
        await Installation.Hub.DisposeAsync();
        await Installation.StartHubAsync(Token);
        Installation.StartAgent();
        await Installation.WaitForAgentAsync(Token);
        using var later = await ResultsAsync();
        await NextAsync(later, id[..12], result => !result.GetProperty("healthy").GetBoolean());
        var kept = await Installation.Http.GetFromJsonAsync<JsonElement>($"/api/hosts/{Installation.HostId}/health-checks", Token);
        kept.EnumerateArray().Select(config => config.GetProperty("container_id").GetString()).ShouldBe([id[..12], "wrong"]);
    }

    [Fact]
    public async Task Checks_without_a_container_are_refused()
    {
        using var answer = await Installation.Http.PutAsJsonAsync(
            $"/api/hosts/{Installation.HostId}/health-checks",
            new object[] { new { url = "http://127.0.0.1" } },
            Token);
        ((int)answer.StatusCode).ShouldBe(400);
    }

    [Fact]
    public async Task The_hosts_own_figures_arrive()
    {
        var host = default(JsonElement);
        await Retry.UntilAsync(
            "the hub has a sample of the host",
            async () => (await Installation.Http.GetFromJsonAsync<JsonElement>($"/api/hosts/{Installation.HostId}/stats", Token)).TryGetProperty(
                "host",
                out host) && host.ValueKind == JsonValueKind.Object,
            ct: Token);
        host.GetProperty("cpu_percent").GetDouble().ShouldBeInRange(0, 100);
        host.GetProperty("mem_percent").GetDouble().ShouldBeInRange(0.1, 100);
        host.GetProperty("net_bytes_per_sec").GetDouble().ShouldBeGreaterThanOrEqualTo(0);
    }

    private async Task<StreamReader> ResultsAsync() => new(await Installation.Http.GetStreamAsync("/api/stream", Token));

    /// <summary>The next result of a container's check that is as wanted, from the hub's stream.</summary>
    private static async Task<JsonElement> NextAsync(StreamReader stream, string container, Func<JsonElement, bool> wanted)
    {
        while (await stream.ReadLineAsync(Token).AsTask().WaitAsync(Retry.DefaultTimeout, TimeProvider.System, Token) is { } line)
        {
            if (line.StartsWith("data:", StringComparison.Ordinal)
                && line.Contains("response_time_ms", StringComparison.Ordinal)
                && JsonElement.Parse(line["data:".Length..]).GetProperty("data") is var result
                && result.GetProperty("container_id").GetString() == container && wanted(result))
            {
                return result;
            }
        }

        throw new InvalidOperationException("the stream ended");
    }
}
