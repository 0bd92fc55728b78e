using System.Net;

namespace DockMon.Engine;

/// <summary>The engine said no, or could not be asked. The message is Docker's own where there is one.</summary>
public class EngineException : Exception
{
    /// <summary>A failure with its message, status and cause.</summary>
    public EngineException(string message, HttpStatusCode? statusCode = null, Exception? inner = null)
        : base(message, inner) => StatusCode = statusCode;

    /// <summary>The HTTP status of the engine's answer; null when there was none.</summary>
    public HttpStatusCode? StatusCode { get; }
}

/// <summary>The engine cannot be reached; the message names the endpoint and what to do.</summary>
public sealed class EngineUnavailableException(string message, Exception? inner = null) : EngineException(message, null, inner);

/// <summary>The engine did not answer in time.</summary>
public sealed class EngineTimeoutException(string message) : EngineException(message);

/// <summary>The settings that name the engine cannot be used; the message names the variable and what to write instead.</summary>
public sealed class EngineConfigurationException(string message, Exception? inner = null) : Exception(message, inner);
