using System.Text.RegularExpressions;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests;

/// <summary>docs/architecture.md is the index of the source: every folder has a line, and everything it names exists.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "architecture.md"));

    [Fact]
    public void Every_folder_with_source_has_a_line_in_the_table()
    {
        var folders = SourceFiles().Select(file => Path.GetDirectoryName(Path.GetRelativePath(Repository.Root, file))!).Distinct().ToArray();
        folders.ShouldNotBeEmpty();
        folders.Except(Lines().Select(line => line.Folder), StringComparer.Ordinal)
            .ShouldBeEmpty("docs/architecture.md, \"Where to look\": add a line for each of these folders (folder, look here for, open first)");
    }

    [Fact]
    public void Every_line_of_the_table_names_a_folder_and_files_that_exist()
    {
        foreach (var (folder, files) in Lines())
        {
            files.ShouldNotBeEmpty($"docs/architecture.md: the line of {folder} names no file to open first");
            files.Select(file => Path.Combine(folder, file)).Where(file => !File.Exists(Path.Combine(Repository.Root, file)))
                .ShouldBeEmpty("docs/architecture.md, \"Where to look\": these files were moved or renamed; correct their lines");
        }
    }

    [Fact]
    public void Every_type_that_the_page_names_exists()
    {
        var source = string.Concat(SourceFiles().Select(File.ReadAllText));
        var declared = Declaration().Matches(source).Select(match => match.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        var named = TypeName().Matches(Page).Select(match => match.Groups[1].Value).Distinct().ToArray();
        named.ShouldNotBeEmpty();
        named.Except(declared, StringComparer.Ordinal).ShouldBeEmpty("docs/architecture.md names types that no longer exist under src/; correct the page");
    }

    private static IEnumerable<string> SourceFiles() => Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
        .Where(file => !GeneratedFolder().IsMatch(file));

    private static IEnumerable<(string Folder, string[] Files)> Lines() => TableLine().Matches(Page)
        .Where(line => line.Groups["last"].Success)
        .Select(line => (line.Groups["folder"].Value, FileName().Matches(line.Groups["last"].Value).Select(file => file.Groups[1].Value).ToArray()));

    // Three columns: the table of projects has two.
    [GeneratedRegex(@"^\| `(?<folder>src/[^`]+)` \|[^|]*\|(?<last>[^|]*)\|$", RegexOptions.Multiline)]
    private static partial Regex TableLine();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex FileName();

    [GeneratedRegex("`([A-Z][a-z]+[A-Za-z]*)`")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"\b(?:class|struct|interface|enum|record(?! (?:class|struct))) (\w+)")]
    private static partial Regex Declaration();

    [GeneratedRegex("/(?:bin|obj)/")]
    private static partial Regex GeneratedFolder();
}
