using System.Net;
using System.Security.Authentication;
using DockMon.Engine;

namespace DockMon.Agent.Doctor;

/// <summary>What to do about an engine that does not answer as one.</summary>
internal static class EngineAdvice
{
    public static CheckResult Explain(EngineException error) => CheckResult.Failed(error.Message, Remedy(error));

    private static string Remedy(EngineException error)
    {
        if (error.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized)
        {
            return "something between agent and engine refuses requests: have the socket proxy allow /version, /info, /events, /containers, /images, /networks, /volumes and /exec, for reading and writing";
        }

        if (error.IsTlsRequired)
        {
            return "the engine speaks TLS: set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to a folder with ca.pem, cert.pem and key.pem";
        }

        if (Causes(error).OfType<AuthenticationException>().Any(cause => cause.InnerException is null))
        {
            return "the engine's certificate must be for the name in DOCKER_HOST and of the authority in ca.pem in DOCKER_CERT_PATH: copy that of the daemon (--tlscacert) there";
        }

        return error.IsClientCertificateRefused
            ? "the engine refuses cert.pem in DOCKER_CERT_PATH: have it issued by the authority that the daemon was started with (--tlscacert)"
            : "see whether docker info works on the host; if not, restart Docker and look into its log (journalctl -u docker)";
    }

    private static IEnumerable<Exception> Causes(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
        {
            yield return error;
        }
    }
}
