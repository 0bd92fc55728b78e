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
}

/// <summary>The engine cannot be reached, or the connection broke while it answered.</summary>
public sealed class EngineUnavailableException(string message, Exception? innerException = null)
    : EngineException(message, null, innerException);

/// <summary>The engine was reached and did not answer within the time limit.</summary>
public sealed class EngineTimeoutException(string message, Exception? innerException = null)
    : EngineException(message, null, innerException);

/// <summary>The settings that say where the engine is cannot be used. The message is one line and says what to change.</summary>
public sealed class EngineConfigurationException(string message, Exception? innerException = null)
    : Exception(message, innerException);
