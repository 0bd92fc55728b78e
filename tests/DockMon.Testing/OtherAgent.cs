using System.Security.Cryptography;
using System.Text;

namespace DockMon.Testing;

/// <summary>Programs that a self-update may meet: this agent with another number, and such as are bad in ways of their own.</summary>
public static class OtherAgent
{
    private const int MachineOffset = 18;

    /// <summary>The published agent with another version number of the same length written into its file.</summary>
    public static async Task<string> WithVersionAsync(string folder, string from, string to, CancellationToken ct)
    {
        var program = await File.ReadAllBytesAsync(AgentProcess.Path, ct);
        var (old, @new) = (Encoding.UTF8.GetBytes(from), Encoding.UTF8.GetBytes(to));
        var at = program.AsSpan().IndexOf(old);
        if (old.Length != @new.Length || at < 0)
        {
            throw new InvalidOperationException($"{AgentProcess.Path} has no {from} in it; is it the published program?");
        }

        for (; at >= 0; at = program.AsSpan().IndexOf(old))
        {
            @new.CopyTo(program, at);
        }

        return await WriteAsync(folder, "agent-" + to, program, ct);
    }

    /// <summary>The published agent with the header of a program for another processor.</summary>
    public static async Task<string> ForAnotherProcessorAsync(string folder, CancellationToken ct)
    {
        var program = await File.ReadAllBytesAsync(AgentProcess.Path, ct);
        program[MachineOffset] = (byte)(program[MachineOffset] == 62 ? 183 : 62);
        return await WriteAsync(folder, "agent-other-cpu", program, ct);
    }

    /// <summary>
    /// A program that says it is version 9.9.9 of this product and, asked to run, does what
    /// <paramref name="body"/> says in C; <paramref name="answer"/> is how it says so. Needs gcc.
    /// </summary>
    public static async Task<string> InCAsync(
        string folder,
        string name,
        string body,
        CancellationToken ct,
        string answer = """puts("{\"product\":\"dockmon-agent\",\"version\":\"9.9.9\"}");""")
    {
        var (source, program) = (Path.Combine(folder, name + ".c"), Path.Combine(folder, name));
        await File.WriteAllTextAsync(
            source,
            $$"""
            #include <stdio.h>
            #include <string.h>
            #include <unistd.h>
            int main(int argc, char **argv) {
              if (argc > 1 && !strcmp(argv[1], "version")) { {{answer}} return 0; }
              {{body}}
            }
            """,
            ct);
        await using var compiler = ProgramProcess.Start("gcc", ["-o", program, source], new Dictionary<string, string>());
        return await compiler.WaitForExitAsync(ct) == 0 ? program : throw new InvalidOperationException(compiler.Tail());
    }

    /// <summary>Checksum of a file, hexadecimal.</summary>
    public static string Sha256(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));

    private static async Task<string> WriteAsync(string folder, string name, byte[] bytes, CancellationToken ct)
    {
        var path = Path.Combine(folder, name);
        await File.WriteAllBytesAsync(path, bytes, ct);
        File.SetUnixFileMode(path, UnixFileMode.UserRead
            | UnixFileMode.UserWrite
            | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead
            | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead
            | UnixFileMode.OtherExecute);
        return path;
    }
}
