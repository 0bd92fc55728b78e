using System.Text.RegularExpressions;

namespace DockMon.Agent.Connection;

/// <summary>The user and the password that may stand in a URL.</summary>
internal static partial class UserInfo
{
    /// <summary>The text without them: the runtime's messages write a proxy's address as its variable has it.</summary>
    public static string Remove(string text) => InUrl().Replace(text, "://");

    [GeneratedRegex("://[^/\\s]*@", RegexOptions.CultureInvariant)]
    private static partial Regex InUrl();
}
