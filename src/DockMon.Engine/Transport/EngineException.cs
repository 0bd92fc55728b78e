using System.Net;

namespace DockMon.Engine;

/// <summary>The engine refused a request, or what it sent cannot be used. The message is the engine's own where it gave one.</summary>
public class EngineException : Exception
{
    /// <summary>Creates the exception.</summary>
    public EngineException(string message, HttpStatusCode? statusCode = null, Exception? innerException = null)
        : base(message, innerException) => StatusCode = statusCode;

    /// <summary>The HTTP status of the answer; null when there was no answer or the error came inside a stream.</summary>
    public HttpStatusCode? StatusCode { get; }

    /// <summary>
    /// There is no such thing. Podman (seen with 4.3) says so with status 500 of a container that goes while it is looked at.
    /// </summary>
    public bool IsMissing => StatusCode == HttpStatusCode.NotFound
        || (StatusCode == HttpStatusCode.InternalServerError && Message.EndsWith("no such container", StringComparison.Ordinal));

    /// <summary>The container is being removed already.</summary>
    public bool IsRemovalInProgress => StatusCode == HttpStatusCode.Conflict && Message.Contains("already in progress", StringComparison.Ordinal);

    /// <summary>The engine speaks TLS at an address where it was spoken to without.</summary>
    public bool IsTlsRequired => StatusCode == HttpStatusCode.BadRequest && Message.Contains("HTTPS server", StringComparison.Ordinal);

    /// <summary>The engine refused the client's certificate. It is what OpenSSL says of a TLS alert of the other side, for which .NET has no type.</summary>
    public bool IsClientCertificateRefused => GetBaseException().Message.Contains("SSL routines", StringComparison.Ordinal);

    /// <summary>The engine does not speak the API version that it was asked in.</summary>
    internal bool IsVersionRefused => StatusCode == HttpStatusCode.BadRequest
        && Message.Contains("client version", StringComparison.OrdinalIgnoreCase)
        && Message.Contains("is too", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a container could not be created because another one has its name.</summary>
    public bool IsNameTaken(string name) => Message.Contains("already in use", StringComparison.Ordinal) && Message.Contains(name, StringComparison.Ordinal);
}

/// <summary>The engine cannot be reached, or the connection broke while it answered.</summary>
public sealed class EngineUnavailableException(string message, Exception? innerException = null)
    : EngineException(message, null, innerException);

/// <summary>The engine was reached and did not answer within the time limit.</summary>
public sealed class EngineTimeoutException(string message, Exception? innerException = null)
    : EngineException(message, null, innerException);

/// <summary>The settings that say where the engine is cannot be used. The message is one line: problem and remedy.</summary>
public sealed class EngineConfigurationException(string problem, string remedy, Exception? innerException = null)
    : Exception($"{problem}; {remedy}", innerException)
{
    /// <summary>What is wrong.</summary>
    public string Problem { get; } = problem;

    /// <summary>What to do about it.</summary>
    public string Remedy { get; } = remedy;
}
