namespace DockMon.Agent.Configuration;

/// <summary>How the server shows who it is, and how the agent does.</summary>
internal sealed record ServerIdentity
{
    private const string PinVariable = "SERVER_PIN";
    private const string InsecureVariable = "INSECURE_SKIP_VERIFY";

    /// <summary>The PEM file of the only authorities that are trusted; null for those of the machine.</summary>
    public string? CaFile { get; init; }

    /// <summary>The keys of which the server must have one; none for any key.</summary>
    public IReadOnlyList<string> Pins { get; init; } = [];

    /// <summary>The PEM file of the agent's own certificate; null for none.</summary>
    public string? ClientCertFile { get; init; }

    /// <summary>The PEM file of its key.</summary>
    public string? ClientKeyFile { get; init; }

    /// <summary>
    /// Whether the key alone decides. Who has it can write any name and any date into a certificate that nobody else signed, so these would prove nothing.
    /// </summary>
    public bool IsKeyEnough => Pins.Count > 0 && CaFile is null;

    /// <summary>Reads the variables and the files they name. What cannot be used is an error of the reader, and as if it were not set.</summary>
    public static ServerIdentity Read(EnvironmentReader variables, DateTimeOffset now)
    {
        var (caFile, clientCert, clientKey) = (
            variables.Text(CertificateFiles.AuthoritiesVariable),
            variables.Text(CertificateFiles.ClientVariable),
            variables.Text(CertificateFiles.ClientKeyVariable));
        var pins = ServerPin.Read(variables, PinVariable);
        caFile = caFile is not null && IsUsable(variables, () => CertificateFiles.ReadAuthorities(caFile, now)) ? caFile : null;
        if ((clientCert is null) != (clientKey is null))
        {
            var (set, missing) = clientCert is null
                ? (CertificateFiles.ClientKeyVariable, CertificateFiles.ClientVariable)
                : (CertificateFiles.ClientVariable, CertificateFiles.ClientKeyVariable);
            variables.AddError(new ConfigurationError(missing, $"{missing} is not set, and {set} is", "set both; one file may hold certificate and key"));
            clientCert = clientKey = null;
        }

        return clientCert is not null && IsUsable(variables, () => CertificateFiles.ReadClient(clientCert, clientKey!, now))
            ? new ServerIdentity { CaFile = caFile, Pins = pins, ClientCertFile = clientCert, ClientKeyFile = clientKey }
            : new ServerIdentity { CaFile = caFile, Pins = pins };
    }

    /// <summary>Looks for settings that would have no effect: who made them relies on them.</summary>
    public static void CheckTogether(EnvironmentReader variables, Uri server, bool insecure)
    {
        foreach (var variable in new[] { CertificateFiles.AuthoritiesVariable, PinVariable, CertificateFiles.ClientVariable })
        {
            if (variables.Text(variable) is null || variables.HasError(variable))
            {
                continue;
            }

            if (server.Scheme == "ws")
            {
                variables.AddError(new ConfigurationError(
                    variable,
                    $"{variable} is set, and DOCKMON_URL is without TLS (ws://)",
                    $"write wss:// in DOCKMON_URL, or unset {variable}"));
            }
            else if (insecure && variable != CertificateFiles.ClientVariable)
            {
                variables.AddError(new ConfigurationError(
                    InsecureVariable,
                    $"{InsecureVariable} is true, so that {variable} would not be looked at",
                    $"unset {InsecureVariable}"));
            }
        }
    }

    private static bool IsUsable(EnvironmentReader variables, Action read)
    {
        try
        {
            read();
            return true;
        }
        catch (ConfigurationException e)
        {
            variables.AddError(e.Error);
            return false;
        }
    }
}
