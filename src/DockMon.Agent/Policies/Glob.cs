using System.IO.Enumeration;

namespace DockMon.Agent.Policies;

/// <summary>Patterns of names and images: <c>*</c> is any text and <c>?</c> one character; capital letters are others than small ones.</summary>
internal static class Glob
{
    public static bool IsMatch(string pattern, string text) => FileSystemName.MatchesSimpleExpression(pattern, text, ignoreCase: false);
}
