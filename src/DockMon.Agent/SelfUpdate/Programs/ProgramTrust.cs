using DockMon.Agent.Commands;
using DockMon.Agent.Configuration;
using DockMon.Agent.Hosting;

namespace DockMon.Agent.SelfUpdate.Programs;

/// <summary>The programs that the agent may become: a matter of <c>SELF_UPDATE</c>, and of the keys that it was built with.</summary>
internal sealed class ProgramTrust(SelfUpdateMode? mode, ReleaseKeys keys)
{
    private readonly SelfUpdateMode _mode = mode ?? (keys.IsEmpty ? SelfUpdateMode.Any : SelfUpdateMode.Signed);

    /// <summary>Whether a program needs a signature.</summary>
    public bool NeedsSignature => _mode == SelfUpdateMode.Signed;

    /// <summary>Whether nothing is checked but what the server itself says.</summary>
    public bool IsUpToTheServer => _mode == SelfUpdateMode.Any;

    /// <summary>Which programs are accepted, for people.</summary>
    public string Description => _mode switch
    {
        SelfUpdateMode.Off => "off (SELF_UPDATE=off)",
        SelfUpdateMode.Signed when keys.IsEmpty => "no program is accepted: SELF_UPDATE=signed, and this agent was built without a key",
        SelfUpdateMode.Signed => $"only programs signed by the key {string.Join(" or ", keys.Ids)}",
        _ when keys.IsEmpty => "a program is checked by the server's checksum alone: this agent was built without a key for signatures",
        _ => "a program is checked by the server's checksum alone: SELF_UPDATE=any",
    };

    /// <summary>The trust of an agent with these settings.</summary>
    public static ProgramTrust Of(AgentOptions options) => new(options.SelfUpdate, ReleaseKeys.CompiledIn);

    /// <summary>Why no new program at all is accepted; null where one may be.</summary>
    public string? FindRefusal() => _mode switch
    {
        SelfUpdateMode.Off => "self-updates are turned off on this host (SELF_UPDATE=off); update the agent's image or package on the host itself",
        SelfUpdateMode.Signed when keys.IsEmpty =>
            "this host accepts only signed programs (SELF_UPDATE=signed), and its agent was built without a key that a signature could be checked with; "
            + "install a signed release on the host itself",
        _ => null,
    };

    /// <summary>Why a program must not be executed; null when it may be.</summary>
    /// <param name="sha256">Its checksum, hexadecimal.</param>
    /// <param name="signature">Its signature; null when it has none.</param>
    public string? FindRefusal(string sha256, byte[]? signature) => FindRefusal() ?? (NeedsSignature ? FindFlaw(sha256, signature) : null);

    /// <exception cref="CommandException">The program must not be executed.</exception>
    public void Check(FetchedProgram program)
    {
        if (FindRefusal(program.Sha256, program.Signature) is { } refusal)
        {
            throw new CommandException(refusal);
        }
    }

    /// <summary>
    /// Checks that a version is newer than the one that runs. By force it need not be; but where signatures are needed, no server brings back an older one,
    /// which has kept its signature and its known holes.
    /// </summary>
    /// <exception cref="CommandException">It is refused.</exception>
    public void CheckVersion(string version, string current, bool force)
    {
        var order = AgentVersion.Compare(version, current);
        if (order < 0 && NeedsSignature)
        {
            throw new CommandException(
                $"version {version} is older than version {current}, which runs: this agent goes back to no older version, not even by force. "
                + "Install it on the host itself");
        }

        if (order <= 0 && !force)
        {
            throw new CommandException($"version {version} is not newer than version {current}, which runs; force takes it all the same");
        }
    }

    private string? FindFlaw(string sha256, byte[]? signature) =>
        signature is null ? "the program is not signed, and this agent accepts only signed ones (SELF_UPDATE)"
        : keys.HaveSigned(Convert.FromHexString(sha256), signature) ? null
        : $"the program's signature does not hold: none of the keys that this agent was built with ({string.Join(", ", keys.Ids)}) has signed this file";
}
