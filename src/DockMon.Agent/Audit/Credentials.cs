using System.Text.RegularExpressions;
using DockMon.Agent.Connection;

namespace DockMon.Agent.Audit;

/// <summary>User names and passwords in front of a host: in URLs, and in names of images, where some put them by mistake.</summary>
internal static partial class Credentials
{
    /// <summary>The text without them.</summary>
    public static string Remove(string text) =>
        text.Contains('@', StringComparison.Ordinal) ? BeforeHost().Replace(UserInfo.Remove(text), "") : text;

    // name:tag@sha256:… is an image with its digest.
    [GeneratedRegex("""(?<![^\s"'(=,])[^\s/@:"']+:[^\s/@]+@(?![a-z0-9+._-]+:[0-9a-fA-F]{32})""", RegexOptions.CultureInvariant)]
    private static partial Regex BeforeHost();
}
