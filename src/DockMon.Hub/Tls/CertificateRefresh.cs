namespace DockMon.Hub.Tls;

/// <summary>Looks for a changed certificate. Files are compared by content: a link that now leads elsewhere tells no watcher.</summary>
internal sealed class CertificateRefresh(ServerCertificate certificate, TimeProvider time) : PeriodicService(TimeSpan.FromSeconds(30), time)
{
    protected override Task TakeTurnAsync(CancellationToken ct)
    {
        certificate.Refresh();
        return Task.CompletedTask;
    }
}
