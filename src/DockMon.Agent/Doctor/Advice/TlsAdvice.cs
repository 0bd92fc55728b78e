using DockMon.Agent.Configuration;
using DockMon.Agent.Connection.Dialing;

namespace DockMon.Agent.Doctor.Advice;

/// <summary>What is wrong with a server's certificate, with the remedies.</summary>
internal static class TlsAdvice
{
    /// <summary>The result for a certificate.</summary>
    /// <param name="seen">The certificate.</param>
    /// <param name="host">The name in the server's URL.</param>
    /// <param name="options">Whom the agent trusts.</param>
    /// <param name="now">This machine's time.</param>
    public static CheckResult Judge(SeenCertificate seen, string host, AgentOptions options, DateTimeOffset now)
    {
        var identity = options.Identity;
        var problems = Problems(seen, host, identity, now).ToList();
        var which = problems.Count == 0 ? "" : ", which " + string.Join(" and ", problems.Select(problem => problem.What));
        var remedy = string.Join("; ", problems.Select(problem => problem.Remedy));
        var whose = $"certificate of {seen.Subject}, issued by {seen.Issuer}, valid until {CertificateFiles.Day(seen.Until)}, key {seen.Pin}";
        if (options.InsecureSkipVerify)
        {
            return CheckResult.Warning(
                $"{ServerAddress.NotVerified}. {whose}{which}",
                problems.Count == 0 ? "unset INSECURE_SKIP_VERIFY: the certificate is valid" : remedy + "; then unset INSECURE_SKIP_VERIFY");
        }

        if (identity.Pins.Count > 0 && !identity.Pins.Contains(seen.Pin))
        {
            return CheckResult.Failed(
                $"{whose}, which is not in SERVER_PIN",
                $"if the server has a new key, which has to be seen on the server itself, add it: SERVER_PIN=…,{seen.Pin}; else somebody answers in its place");
        }

        return identity.IsKeyEnough ? CheckResult.Ok($"{whose}{which}; trusted for its key alone (SERVER_PIN)")
            : problems.Count > 0 ? CheckResult.Failed(whose + which, remedy)
            : CheckResult.Ok($"{whose}; trusted {Authorities(identity)}{(identity.Pins.Count > 0 ? " and for its key (SERVER_PIN)" : "")}");
    }

    private static string Authorities(ServerIdentity identity) => identity.CaFile is { } file
        ? $"by the authorities in {file} (SERVER_CA_FILE)"
        : "by the authorities of this machine";

    private static IEnumerable<(string What, string Remedy)> Problems(SeenCertificate seen, string host, ServerIdentity identity, DateTimeOffset now)
    {
        if (now > seen.Until)
        {
            yield return ("has expired", $"renew the server's certificate (this machine's clock says {CertificateFiles.Day(now)}; set it if that is wrong)");
        }
        else if (now < seen.From)
        {
            yield return (
                $"is not valid before {CertificateFiles.Day(seen.From)}",
                $"set this machine's clock, which says {CertificateFiles.Day(now)}, or have a new certificate issued");
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
            yield return Untrusted(seen, authority, identity);
        }

        foreach (var error in seen.OtherErrors)
        {
            yield return ($"is refused: {error}", "have a new certificate issued for the server");
        }
    }

    private static (string What, string Remedy) Untrusted(SeenCertificate seen, string authority, ServerIdentity identity)
    {
        var pin = seen.Subject == seen.Issuer
            ? $"if that is the server's own key, which has to be seen on the server itself, set SERVER_PIN={seen.Pin}; or "
            : "";
        if (identity.CaFile is { } file)
        {
            return (
                $"leads to {authority}, which is not in {file} (SERVER_CA_FILE)",
                $"add that authority's certificate to {file}, or unset SERVER_CA_FILE to trust the authorities of this machine");
        }

        var add = $"{pin}give the agent the certificate of {authority} in a PEM file: SERVER_CA_FILE=/path/ca.pem, in a container with -v "
            + "/path/ca.pem:/ca.pem:ro -e SERVER_CA_FILE=/ca.pem";
        return ($"leads to {authority}, an authority this machine does not trust", seen.AuthoritySent
            ? add
            : add + "; if browsers trust this server, it does not send its intermediate certificate: configure the full chain (fullchain.pem) there");
    }
}
