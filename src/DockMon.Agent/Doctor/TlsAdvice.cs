using System.Globalization;
using DockMon.Agent.Configuration;
using DockMon.Agent.Connection;

namespace DockMon.Agent.Doctor;

/// <summary>What is wrong with a server's certificate, with the remedies.</summary>
internal static class TlsAdvice
{
    /// <summary>The result for a certificate.</summary>
    /// <param name="seen">The certificate.</param>
    /// <param name="host">The name in the server's URL.</param>
    /// <param name="insecure">Whether certificates are not checked.</param>
    /// <param name="now">This machine's time.</param>
    public static CheckResult Judge(SeenCertificate seen, string host, bool insecure, DateTimeOffset now)
    {
        var problems = Problems(seen, host, now).ToList();
        var which = problems.Count == 0 ? "" : ", which " + string.Join(" and ", problems.Select(problem => problem.What));
        var remedy = string.Join("; ", problems.Select(problem => problem.Remedy));
        var whose = $"certificate of {seen.Subject}, issued by {seen.Issuer}, valid until {Day(seen.Until)}";
        if (insecure)
        {
            return CheckResult.Warning(
                $"{ServerAddress.NotVerified}. {whose}{which}",
                problems.Count == 0 ? "unset INSECURE_SKIP_VERIFY: the certificate is valid" : remedy + "; then unset INSECURE_SKIP_VERIFY");
        }

        return problems.Count == 0
            ? CheckResult.Ok(whose)
            : CheckResult.Failed(whose + which, remedy);
    }

    private static IEnumerable<(string What, string Remedy)> Problems(SeenCertificate seen, string host, DateTimeOffset now)
    {
        if (now > seen.Until)
        {
            yield return ("has expired", $"renew the server's certificate (this machine's clock says {Day(now)}; set it if that is wrong)");
        }
        else if (now < seen.From)
        {
            yield return ($"is not valid before {Day(seen.From)}", $"set this machine's clock, which says {Day(now)}, or have a new certificate issued");
        }

        if (seen.WrongName)
        {
            var names = seen.Names.Count > 0 ? string.Join(", ", seen.Names) : "no name at all";
            yield return (
                $"is not for {host} but for {names}",
                $"write one of the certificate's names in DOCKMON_URL, or give the server a certificate that has {host} among its names");
        }

        if (seen.MissingAuthority is { } authority)
        {
            var add = $"give the agent the certificate of {authority} in a PEM file: SSL_CERT_FILE=/path/ca.pem, in a container with -v "
                + "/path/ca.pem:/ca.pem:ro -e SSL_CERT_FILE=/ca.pem";
            yield return ($"leads to {authority}, an authority this machine does not trust", seen.AuthoritySent
                ? add
                : add + "; if browsers trust this server, it does not send its intermediate certificate: configure the full chain (fullchain.pem) there");
        }

        foreach (var error in seen.OtherErrors)
        {
            yield return ($"is refused: {error}", "have a new certificate issued for the server");
        }
    }

    private static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
