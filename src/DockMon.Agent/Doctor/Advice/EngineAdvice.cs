using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using DockMon.Engine;

namespace DockMon.Agent.Doctor.Advice;

/// <summary>The remedies for an engine that cannot be used.</summary>
internal static class EngineAdvice
{
    public static CheckResult Explain(EngineException error, EngineEndpoint endpoint) => CheckResult.Failed(error.Message, Remedy(error, endpoint));

    private static string Remedy(EngineException error, EngineEndpoint endpoint)
    {
        if (error.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized)
        {
            return "a proxy between agent and engine refuses requests: give it the rules that the agent's mode needs (packaging/proxy, docs/socket-proxy.md)";
        }

        if (error.IsTlsRequired)
        {
            return "the engine speaks TLS: set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to a folder with ca.pem, cert.pem and key.pem";
        }

        if (Causes(error).OfType<AuthenticationException>().Any(cause => cause.InnerException is null))
        {
            return "the engine's certificate must be for the name in DOCKER_HOST and issued by the authority in ca.pem in DOCKER_CERT_PATH: copy the "
                + "daemon's authority (--tlscacert) there";
        }

        if (endpoint.Host is not null && error.GetBaseException() is SocketException)
        {
            return "check the address in DOCKER_HOST, and that the daemon listens there (dockerd --host)";
        }

        return error.IsClientCertificateRefused
            ? "the engine refuses cert.pem in DOCKER_CERT_PATH: have it issued by the authority that the daemon was started with (--tlscacert)"
            : "check whether docker info works on the host; if not, restart Docker and read its log (journalctl -u docker)";
    }

    private static IEnumerable<Exception> Causes(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
        {
            yield return error;
        }
    }
}
