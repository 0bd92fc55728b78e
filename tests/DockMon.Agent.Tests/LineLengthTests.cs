using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests;

/// <summary>No line of source or of a script is longer than a screen is wide.</summary>
public sealed class LineLengthTests
{
    private const int Columns = 160;

    // What a build makes, and packages.
    private static readonly string[] _others = ["artifacts", "bin", "obj", "generated", "node_modules", ".git"];

    [Fact]
    public void No_line_of_the_repository_is_longer_than_160_columns()
    {
        var files = Files(Repository.Root).ToArray();
        files.Count(file => file.EndsWith(".cs", StringComparison.Ordinal)).ShouldBeGreaterThan(300);
        files.Select(Path.GetFileName).ShouldContain("install.sh");
        files.SelectMany(LongLines).ShouldBeEmpty(
            $"these lines have more than {Columns} columns: put one argument on a line where a call does not fit, and wrap comments");
    }

    [Fact]
    public void A_long_line_is_found_in_source_and_in_scripts_and_nowhere_else()
    {
        using var folder = new TemporaryFolder();
        var line = new string('x', Columns + 1);
        folder.Write("src/a.cs", $"{line}\n{line[1..]}\n");
        folder.Write("eng/script", $"#!/bin/sh\n{line}\n");
        folder.Write("eng/lib.sh", line);
        folder.Write("eng/data", line);
        folder.Write("eng/page.md", $"#!{line}");
        folder.Write("web/src/a.tsx", line);
        folder.Write("web/node_modules/b.ts", line);
        folder.Write("src/obj/generated.cs", line);
        folder.Write("artifacts/a.cs", line);
        Files(folder.Path).SelectMany(LongLines).Select(found => Path.GetRelativePath(folder.Path, found)).Order(StringComparer.Ordinal)
            .ShouldBe(["eng/lib.sh:1", "eng/script:2", "src/a.cs:1", "web/src/a.tsx:1"]);
    }

    private static IEnumerable<string> LongLines(string file) =>
        File.ReadLines(file).Index().Where(line => line.Item.Length > Columns).Select(line => $"{file}:{line.Index + 1}");

    private static IEnumerable<string> Files(string folder) => Directory.EnumerateFiles(folder).Where(IsSource).Concat(
        Directory.EnumerateDirectories(folder).Where(below => !_others.Contains(Path.GetFileName(below))).SelectMany(Files));

    private static bool IsSource(string file) => Path.GetExtension(file) is ".cs" or ".sh" or ".ts" or ".tsx" or ".mjs"
        || (Path.GetExtension(file).Length == 0 && IsScript(file));

    private static bool IsScript(string file)
    {
        using var reader = new StreamReader(file);
        return reader.Read() == '#' && reader.Read() == '!';
    }
}
