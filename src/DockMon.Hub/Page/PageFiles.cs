using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;

namespace DockMon.Hub.Page;

/// <summary>The files of the page, as <c>web/build.mjs</c> made them: compressed with brotli, embedded in this program.</summary>
internal sealed class PageFiles
{
    /// <summary>Prefix of the names of embedded files.</summary>
    public const string Prefix = "page/";

    public const string Index = "index.html";

    private const string Compressed = ".br";

    private readonly FrozenDictionary<string, PageFile> _files;

    private PageFiles(IEnumerable<PageFile> files) => _files = files.ToFrozenDictionary(file => file.Path, StringComparer.Ordinal);

    /// <summary>Whether there is a page: a program can be built without one.</summary>
    public bool Any => _files.Count > 0;

    /// <summary>The files in a program; none in one that was built before the page was.</summary>
    public static PageFiles Load(Assembly program) => new(program.GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Compressed, StringComparison.Ordinal))
        .Select(name => new PageFile(name[Prefix.Length..^Compressed.Length], Read(program, name))));

    /// <returns>Null when there is no such file.</returns>
    public PageFile? Find(string path) => _files.GetValueOrDefault(path);

    private static byte[] Read(Assembly program, string name)
    {
        using var stream = program.GetManifestResourceStream(name)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}

/// <summary>A file of the page.</summary>
/// <param name="Path">Its path below the root: <c>assets/main-1A2B.js</c>.</param>
/// <param name="Brotli">Its content, compressed.</param>
internal sealed record PageFile(string Path, byte[] Brotli)
{
    /// <summary>Its media type.</summary>
    public string MediaType { get; } = System.IO.Path.GetExtension(Path) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".woff2" => "font/woff2",
        _ => "application/octet-stream",
    };

    /// <summary>Whether the name changes with the content, so that a browser may keep the file for good.</summary>
    public bool IsHashed => Path.StartsWith("assets/", StringComparison.Ordinal);

    /// <summary>The content for the few clients that do not read brotli.</summary>
    public async Task CopyPlainAsync(Stream target, CancellationToken ct)
    {
        using var compressed = new MemoryStream(Brotli, writable: false);
        await using var plain = new BrotliStream(compressed, CompressionMode.Decompress);
        await plain.CopyToAsync(target, ct);
    }
}
