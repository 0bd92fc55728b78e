using System.Globalization;
using DockMon.Agent.Connection;

namespace DockMon.Agent.Doctor;

/// <summary>What a server's certificate means to the person who set the agent up.</summary>
internal static class TlsAdvice
{
    /// <summary>What is to be said of a certificate.</summary>
    /// <param name="seen">The certificate.</param>
    /// <param name="host">The name in the server's URL.</param>
    /// <param name="insecure">It is not checked.</param>
    /// <param name="now">This machine's time.</param>
    public static CheckResult Judge(SeenCertificate seen, string host, bool insecure, DateTimeOffset now)
    {
        var problems = Problems(seen, host, now).ToList();
        var whose = $"certificate of {seen.Subject}, issued by {seen.Issuer}, valid until {Day(seen.Until)}";
        if (insecure)
        {
            return CheckResult.Warning(
                $"INSECURE_SKIP_VERIFY is set: anyone on the way can take over this agent. {whose}{(problems.Count > 0 ? ", which " + string.Join(" and ", problems.Select(problem => problem.What)) : "")}",
                problems.Count == 0 ? "unset INSECURE_SKIP_VERIFY: the certificate is good without" : string.Join("; ", problems.Select(problem => problem.Remedy)) + "; then unset INSECURE_SKIP_VERIFY");
        }

        return problems.Count == 0
            ? CheckResult.Ok(whose)
            : CheckResult.Failed($"{whose}, which {string.Join(" and ", problems.Select(problem => problem.What))}", string.Join("; ", problems.Select(problem => problem.Remedy)));
    }

    private static IEnumerable<(string What, string Remedy)> Problems(SeenCertificate seen, string host, DateTimeOffset now)
    {
        if (now > seen.Until)
        {
            yield return ("has expired", $"renew the server's certificate (this machine's clock says {Day(now)}; set it if that is wrong)");
        }
        else if (now < seen.From)
        {
            yield return ($"is not valid before {Day(seen.From)}", $"set this machine's clock, which says {Day(now)}, or have the certificate issued anew");
        }

        if (seen.WrongName)
        {
            var names = seen.Names.Count > 0 ? string.Join(", ", seen.Names) : "no name at all";
            yield return ($"is not for {host} but for {names}", $"write one of the certificate's names in DOCKMON_URL, or give the server a certificate that has {host} among its names");
        }

        if (seen.MissingAuthority is { } authority)
        {
            var add = $"give the agent the certificate of {authority} in a PEM file: SSL_CERT_FILE=/path/ca.pem, in a container with -v /path/ca.pem:/ca.pem:ro -e SSL_CERT_FILE=/ca.pem";
            yield return ($"leads to {authority}, an authority this machine does not trust", seen.AuthoritySent
                ? add
                : add + "; if browsers trust this server, it does not send its intermediate certificate: configure the full chain (fullchain.pem) there");
        }

        foreach (var error in seen.OtherErrors)
        {
            yield return ($"is refused: {error}", "have the server's certificate issued anew");
        }
    }

    private static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
