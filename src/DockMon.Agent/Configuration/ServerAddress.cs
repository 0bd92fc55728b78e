namespace DockMon.Agent.Configuration;

/// <summary>The server's URL as a person writes it, made into the one its WebSockets are below.</summary>
internal static class ServerAddress
{
    /// <summary>What is to be said of ws://.</summary>
    public const string NotEncrypted = "not encrypted (ws://)";

    /// <summary>Why that is a problem outside of a private network.</summary>
    public const string NotEncryptedRisk =
        "anyone between this machine and the server can read everything, the token included, and take over this agent and its host";

    /// <summary>What to do about it.</summary>
    public const string NotEncryptedRemedy =
        "write wss:// in DOCKMON_URL, with TLS at the server or at a proxy in front of it, unless the network between is yours alone";

    /// <summary>What is to be said of INSECURE_SKIP_VERIFY.</summary>
    public const string NotVerified =
        "INSECURE_SKIP_VERIFY is set: the server's certificate is not checked, and anyone between this machine and the server can take over this agent";

    private const string Example = "wss://dockmon.example.com";

    /// <summary>Reads the URL; null when there is none that can be used, which is an error of <paramref name="variables"/>.</summary>
    public static Uri? Read(EnvironmentReader variables, string variable)
    {
        if (variables.Text(variable) is not { } text)
        {
            variables.AddError(new ConfigurationError(variable, $"{variable} is not set", $"write the server's address, such as {Example}"));
            return null;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || WebSocketScheme(uri.Scheme) is not { } scheme || uri.Host.Length == 0)
        {
            return Invalid($"write a URL that begins with wss://, ws://, https:// or http://, such as {Example}");
        }

        // Each of these would be lost or sent where it was not meant to go; none is shown, for it may be a secret.
        var excess = uri.UserInfo.Length > 0 ? "a user name or password"
            : text.Contains('?', StringComparison.Ordinal) ? "a query (?…)"
            : text.Contains('#', StringComparison.Ordinal) ? "a fragment (#…)"
            : null;
        return excess is null
            ? new UriBuilder(uri) { Scheme = scheme, Port = uri.IsDefaultPort ? -1 : uri.Port }.Uri
            : Invalid($"it must not have {excess}; write it without");

        Uri? Invalid(string remedy)
        {
            variables.AddError(ConfigurationError.InvalidValue(variable, WithoutSecrets(text), remedy));
            return null;
        }
    }

    private static string? WebSocketScheme(string scheme) => scheme switch
    {
        "http" or "ws" => "ws",
        "https" or "wss" => "wss",
        _ => null,
    };

    private static string WithoutSecrets(string text)
    {
        var end = text.IndexOfAny(['?', '#']);
        var shown = end < 0 ? text : text[..end];
        var at = shown.LastIndexOf('@');
        if (at < 0)
        {
            return shown;
        }

        var scheme = shown.IndexOf("://", StringComparison.Ordinal);
        return (scheme < 0 || scheme > at ? "" : shown[..(scheme + 3)]) + "…@" + shown[(at + 1)..];
    }
}
