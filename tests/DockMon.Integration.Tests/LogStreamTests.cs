using System.Text.Json;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>Logs that are followed through the hub, on the real engine.</summary>
public sealed class LogStreamTests() : InstallationTests("dockmon-logs")
{
    private const int Count = 20_000;

    [Fact]
    public async Task A_log_is_followed_over_an_outage_of_the_link_and_a_restart_of_the_container_without_a_line_lost_or_twice()
    {
        var id = await Containers.RunAsync(
            ["sh", "-c", $"seq {Count} | sed 's/^/line /'; echo no >&2; echo end; exec sleep 3600"], Token);
        using var response = await Installation.Http.GetAsync(
            $"/api/hosts/{Installation.HostId}/containers/{id}/logs/stream?tail=-1", HttpCompletionOption.ResponseHeadersRead, Token);
        using var reader = new StreamReader(await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(Token));
        string[] run = [.. Enumerable.Range(1, Count).Select(number => $"line {number}"), "end"];
        (await ReadAsync(reader, "end")).SequenceEqual(run).ShouldBeTrue();

        Installation.Link.Mode = ProxyMode.Refuse;
        Installation.Link.CutAll();
        await Installation.WaitForAgentAsync(Token, connected: false);
        await Docker.RunAsync(["exec", id, "sh", "-c", "echo meanwhile > /proc/1/fd/1"], Token);
        Installation.Link.Mode = ProxyMode.Relay;
        (await ReadAsync(reader, "meanwhile")).ShouldBe(["meanwhile"]);

        await Docker.RunAsync(["restart", "-t", "1", id], Token);
        (await ReadAsync(reader, "end")).SequenceEqual(run).ShouldBeTrue();

        await Docker.RunAsync(["rm", "-f", id], Token);
        await Retry.UntilAsync("the log ends", async () => await reader.ReadLineAsync(Token) == "event: end", ct: Token);
        (await reader.ReadLineAsync(Token)).ShouldBe("""data: {"reason":"removed"}""");
    }

    /// <summary>The lines of standard output up to one.</summary>
    private static async Task<List<string>> ReadAsync(StreamReader reader, string last)
    {
        List<string> lines = [];
        while (await reader.ReadLineAsync(Token) is { } line)
        {
            if (line.StartsWith("data: {\"lines\"", StringComparison.Ordinal))
            {
                lines.AddRange(JsonElement.Parse(line[6..]).GetProperty("lines").EnumerateArray()
                    .Where(item => item.GetProperty("stream").GetString() == "stdout")
                    .Select(item => item.GetProperty("text").GetString()!));
                if (lines is [.., var newest] && newest == last)
                {
                    return lines;
                }
            }
        }

        throw new EndOfStreamException($"the hub ended the log after {lines.Count} lines");
    }
}
