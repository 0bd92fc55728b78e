namespace DockMon.Hub.Access.Oidc;

/// <summary>A sign-in with the provider that failed; the message is for the log, since it may have the provider's words.</summary>
internal sealed class OidcException(string message, Exception? inner = null) : Exception(message, inner);
