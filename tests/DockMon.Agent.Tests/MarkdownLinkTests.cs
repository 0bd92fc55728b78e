using System.Text.RegularExpressions;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests;

/// <summary>Links between the pages of the repository lead somewhere.</summary>
public sealed partial class MarkdownLinkTests
{
    private const string Outside = "https://";

    [Fact]
    public void Every_relative_link_leads_to_a_file_and_a_heading()
    {
        var pages = Pages(Repository.Root).ToArray();
        pages.Length.ShouldBeGreaterThan(10);
        pages.SelectMany(BrokenLinks).ShouldBeEmpty("links in Markdown files that lead nowhere; correct them, or the file or heading they mean");
    }

    [Fact]
    public void Every_path_of_the_repository_that_a_page_names_exists()
    {
        var named = Pages(Repository.Root)
            .SelectMany(page => RepositoryPath().Matches(File.ReadAllText(page)).Select(path => path.Groups[1].Value))
            .Distinct().ToArray();
        named.Length.ShouldBeGreaterThan(20);
        named.Where(path => !Path.Exists(Path.Combine(Repository.Root, path)))
            .ShouldBeEmpty("paths in Markdown files that no longer exist; correct the pages");
    }

    [Fact]
    public void A_missing_file_and_a_missing_heading_are_found()
    {
        using var folder = new TemporaryFolder();
        var page = Path.Combine(folder.Path, "page.md");
        File.WriteAllText(
            page,
            """
            # A `first` heading, here

                [code](no.md)

            [a](page.md#a-first-heading-here) [b](#a-first-heading-here) [c](none.md) [d](page.md#none) [e](https://example.org/x)
            ![f](none.svg)
            `[g](none.md)`

            """);
        BrokenLinks(page).Select(broken => broken[(broken.LastIndexOf(' ') + 1)..]).ShouldBe(["none.md", "page.md#none", "none.svg"]);
    }

    private static IEnumerable<string> Pages(string root) => Directory.EnumerateFiles(root, "*.md", SearchOption.TopDirectoryOnly).Concat(
        Directory.EnumerateDirectories(root)
            .Where(folder => Path.GetFileName(folder) is not ("artifacts" or "bin" or "obj" or ".git" or "node_modules"))
            .SelectMany(Pages));

    private static IEnumerable<string> BrokenLinks(string page)
    {
        foreach (Match link in Link().Matches(WithoutCode(File.ReadAllText(page))))
        {
            var target = link.Groups[1].Value;
            if (target.StartsWith(Outside, StringComparison.Ordinal) || target.StartsWith("http://", StringComparison.Ordinal))
            {
                continue;
            }

            var parts = target.Split('#', 2);
            var file = parts[0].Length == 0 ? page : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, parts[0]));
            var exists = File.Exists(file) ? parts.Length == 1 || Anchors(file).Contains(parts[1]) : parts.Length == 1 && Directory.Exists(file);
            if (!exists)
            {
                yield return $"{page}: {target}";
            }
        }
    }

    /// <summary>The anchors of the headings, as GitHub makes them.</summary>
    private static HashSet<string> Anchors(string file) => Heading().Matches(WithoutFences(File.ReadAllText(file)))
        .Select(heading => Dropped().Replace(heading.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-')).ToHashSet(StringComparer.Ordinal);

    private static string WithoutFences(string text) => Fence().Replace(text, "");

    private static string WithoutCode(string text) => InlineCode().Replace(IndentedCode().Replace(WithoutFences(text), ""), "");

    // At the beginning of code in a line: `eng/vm run …`.
    [GeneratedRegex("`((?:src|tests|eng|packaging|docs|bench)/[^` …*]*)[^`\\n]*`")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#{1,6} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N} _-]")]
    private static partial Regex Dropped();

    [GeneratedRegex("^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    // A paragraph that begins indented; a list's continuation follows its line directly.
    [GeneratedRegex(@"(?<=\n\n)(?:    .*\n)+")]
    private static partial Regex IndentedCode();

    [GeneratedRegex("`[^`\n]+`")]
    private static partial Regex InlineCode();
}
