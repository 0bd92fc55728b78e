namespace DockMon.Hub.Access.Permissions;

/// <summary>Tags of hosts, users and tokens: short names in lower case.</summary>
internal static class Tags
{
    public const int Most = 32;

    private const int Longest = 64;

    /// <summary>What is wrong with tags; null if nothing is.</summary>
    public static string? Complaint(IReadOnlyList<string>? tags) =>
        tags is null || (tags.Count <= Most && tags.All(IsTag)) ? null
        : $"there may be at most {Most} tags, each of at most {Longest} lower-case letters, digits, dots, dashes and underscores, the first a letter or digit";

    /// <summary>Tags as the database has them.</summary>
    public static string Join(IReadOnlyList<string>? tags) => string.Join(',', (tags ?? []).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    public static IReadOnlyList<string> Split(string tags) => tags.Split(',', StringSplitOptions.RemoveEmptyEntries);

    private static bool IsTag(string? tag) =>
        tag is { Length: > 0 and <= Longest } && (char.IsAsciiLetterLower(tag[0]) || char.IsAsciiDigit(tag[0]))
        && tag.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-' or '_');
}
