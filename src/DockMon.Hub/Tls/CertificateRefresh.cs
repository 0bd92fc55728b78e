namespace DockMon.Hub.Tls;

/// <summary>Looks for a changed certificate. Files are compared by content: a link that now leads elsewhere tells no watcher.</summary>
internal sealed class CertificateRefresh(ServerCertificate certificate, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Interval, time, stoppingToken);
                certificate.Refresh();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The hub is stopping.
        }
    }
}
