using System.Globalization;
using System.Text;
using DockMon.Testing;

namespace DockMon.Demo;

/// <summary>What the demo says: where the page is, how one gets in, what is to be seen there.</summary>
internal sealed class Welcome(Stage stage, TextWriter output)
{
    public async Task RunAsync(CancellationToken ct)
    {
        var port = new Uri(stage.Url).Port;
        var text = new StringBuilder()
            .AppendLine().AppendLine("The hub runs. Open this link in a browser and choose a name and a password:").AppendLine()
            .AppendLine(CultureInfo.InvariantCulture, $"  {stage.SetUpLink}").AppendLine()
            .AppendLine(CultureInfo.InvariantCulture, $"Later the address is {stage.Url}. If your browser is on another machine, run this there first:")
            .AppendLine(CultureInfo.InvariantCulture, $"  ssh -N -L {port}:127.0.0.1:{port} {Environment.UserName}@{Environment.MachineName}").AppendLine()
            .AppendLine("What there is to see:")
            .AppendLine("  this machine, with all containers of its Docker engine, and for the demo:")
            .AppendLine(CultureInfo.InvariantCulture, $"    {Showcase.Web,-14} is healthy")
            .AppendLine(CultureInfo.InvariantCulture, $"    {Showcase.Worker,-14} is busy: its figures and charts move")
            .AppendLine(CultureInfo.InvariantCulture, $"    {Showcase.Api,-14} writes a log with levels and colours")
            .AppendLine(CultureInfo.InvariantCulture, $"    {Showcase.Database,-14} is unhealthy")
            .AppendLine(CultureInfo.InvariantCulture, $"    {Showcase.Mailer,-14} ends and is started again, and again");
        if (stage.Showcase.Updatable is not null)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"    {Showcase.Notes,-14} can be updated: there is a newer image");
        }

        if (await stage.Showcase.HasComposeAsync(stage.HostId, ct))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"    {Showcase.Stack,-14} is a compose stack of three services");
        }

        text.AppendLine("  five simulated hosts: lists and figures that are made up; one has a full disk, one is offline").AppendLine()
            .AppendLine("For programs:")
            .AppendLine(CultureInfo.InvariantCulture, $"  curl -H 'Authorization: Bearer {stage.AdminKey}' {stage.Url}/api/containers").AppendLine()
            .AppendLine("Ctrl-C ends it and removes everything that the demo made.");
        await output.WriteAsync(text, ct);
        await output.FlushAsync(ct);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
    }
}
