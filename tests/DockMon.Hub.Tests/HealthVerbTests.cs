using System.Net;
using DockMon.Hub.Tls;
using DockMon.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests;

public sealed class HealthVerbTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("http://127.0.0.1:{0}")]
    [InlineData("http://localhost:{0}")]
    [InlineData("http://*:{0}")]
    [InlineData("http://0.0.0.0:{0}; http://127.0.0.1:1")]
    public async Task A_hub_is_asked_at_the_first_address_that_it_listens_on(string urls)
    {
        await using var hub = await StartAsync("http://127.0.0.1:0");
        var port = new Uri(hub.Urls.Single()).Port;
        (await RunAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, urls, port))).Code.ShouldBe(0);
    }

    [Fact]
    public async Task A_hub_on_a_socket_of_the_file_system_is_asked_there()
    {
        var urls = $"http://unix:{_folder.File("hub.sock")}";
        await using var hub = await StartAsync(urls);
        (await RunAsync(urls)).ShouldBe((0, $"the hub at {urls} answers\n"));
    }

    [Fact]
    public async Task A_hub_with_a_certificate_of_its_own_is_asked_over_TLS()
    {
        await using var hub = await StartAsync("https://127.0.0.1:0", TlsOptions.SelfSigned);
        (await RunAsync(hub.Urls.Single())).Code.ShouldBe(0);
    }

    [Fact]
    public async Task Where_none_listens_or_another_program_does_that_is_said()
    {
        var (code, output) = await RunAsync("http://127.0.0.1:1");
        code.ShouldBe(1);
        output.ShouldStartWith("no hub answers at http://127.0.0.1:1: ");

        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var other = builder.Build();
        other.Map("/health", () => Results.StatusCode((int)HttpStatusCode.ServiceUnavailable));
        await other.StartAsync(Token);
        (code, output) = await RunAsync(other.Urls.Single());
        code.ShouldBe(1);
        output.ShouldEndWith(" answers with 503\n");
    }

    private async Task<WebApplication> StartAsync(string urls, TlsOptions? tls = null)
    {
        var hub = await HubApplication.BuildAsync(new HubOptions { Urls = urls, Tls = tls, DataPath = _folder.Path }, ct: Token);
        await hub.StartAsync(Token);
        return hub;
    }

    private static async Task<(int Code, string Output)> RunAsync(string urls)
    {
        await using var output = new StringWriter();
        var code = await HealthVerb.RunAsync(urls, output, Token);
        return (code, output.ToString());
    }
}
