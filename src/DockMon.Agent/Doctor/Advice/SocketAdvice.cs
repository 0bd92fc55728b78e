using System.Net.Sockets;
using DockMon.Agent.Interop;
using DockMon.Engine;

namespace DockMon.Agent.Doctor.Advice;

/// <summary>The reasons why the engine's socket cannot be opened, with their remedies.</summary>
internal static class SocketAdvice
{
    public static CheckResult Explain(string path, SocketException error, bool inContainer) => error.SocketErrorCode switch
    {
        SocketError.AccessDenied => Denied(path, inContainer),
        SocketError.ConnectionRefused when Directory.Exists(path) => CheckResult.Failed(
            $"{path} is a directory: Docker created it, because the host had no such file when the container was created",
            $"find the engine's socket on the host (docker context inspect) and mount it: -v /path/on/the/host.sock:{path}"),
        SocketError.ConnectionRefused => CheckResult.Failed(
            $"nothing answers on {path}",
            "start Docker (systemctl start docker)"
            + (inContainer ? "; if it runs, it has created a new socket: restart the agent's container, or mount the socket's directory instead" : "")),
        // A missing path is reported as an address that cannot be assigned.
        SocketError.AddressNotAvailable => CheckResult.Failed(
            $"there is no socket {path}",
            inContainer
                ? $"mount the engine's socket into the container: -v /var/run/docker.sock:{path}"
                : $"start Docker (systemctl start docker) or set DOCKER_HOST to where its socket is; if the agent is to run in a container, mount it: "
                    + $"-v /var/run/docker.sock:{path}"),
        _ => CheckResult.Failed($"{path}: {error.Message}", "check DOCKER_HOST"),
    };

    private static CheckResult Denied(string path, bool inContainer)
    {
        var user = Native.UserId;
        var found = $"user id {user} may not open {path}";
        if (user == 0)
        {
            return CheckResult.Failed(
                found + ", though it is root: user namespaces or SELinux forbid it",
                inContainer
                    ? "give the agent's container --userns=host, and with SELinux --security-opt label=disable"
                    : "see the audit log (ausearch -m avc) and allow it");
        }

        var group = FileStatus.Read(path)?.Group;
        var add = $"--group-add {group?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? $"$(stat -c %g {path})"}";
        return group == 0
            ? CheckResult.Failed(
                $"{found}, which belongs to group 0",
                $"{Add(add, inContainer)}, or give the socket to the group docker on the host (chgrp docker {path})")
            : CheckResult.Failed(group is null ? found : $"{found}, which belongs to group {group}", Add(add, inContainer));
    }

    private static string Add(string add, bool inContainer) => inContainer
        ? $"give the agent's container the socket's group: docker run {add}"
        : $"put the agent's user into the socket's group (usermod -aG docker USER, then log in again); for an agent in a container: docker run {add}";
}
