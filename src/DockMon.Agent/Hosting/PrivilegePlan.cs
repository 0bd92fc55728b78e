using DockMon.Engine;

namespace DockMon.Agent.Hosting;

/// <summary>Who the agent is to be after it was started as root.</summary>
/// <param name="User">The user, and the number of its own group.</param>
/// <param name="Groups">The other groups it is to be in.</param>
/// <param name="SocketGroup">The one among them that opens the engine's socket; null when none is needed.</param>
internal sealed record PrivilegePlan(uint User, uint[] Groups, uint? SocketGroup)
{
    /// <summary>Plans for a user who is not root; null when nobody but root may use the socket.</summary>
    /// <param name="user">The user to become.</param>
    /// <param name="socket">The engine's socket; null when there is none.</param>
    /// <param name="given">The groups the process was started with.</param>
    public static PrivilegePlan? For(uint user, FileStatus? socket, IEnumerable<uint> given)
    {
        // What was added on purpose (--group-add) stays; root's own group does not, unless it is what the socket asks for.
        var groups = given.Where(group => group != 0).ToHashSet();
        if (socket is null || socket.Mode.HasFlag(UnixFileMode.OtherWrite) || (socket.User == user && socket.Mode.HasFlag(UnixFileMode.UserWrite)))
        {
            return new PrivilegePlan(user, [.. groups], null);
        }

        if (!socket.Mode.HasFlag(UnixFileMode.GroupWrite))
        {
            return null;
        }

        groups.Add(socket.Group);
        return new PrivilegePlan(user, [.. groups], socket.Group);
    }
}
