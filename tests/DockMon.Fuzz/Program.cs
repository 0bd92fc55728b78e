using System.Diagnostics;
using SharpFuzz;

namespace DockMon.Fuzz;

internal static class Program
{
    private const string Usage = """
        usage: DockMon.Fuzz list                    the names of the targets
               DockMon.Fuzz afl TARGET              under afl-fuzz, with instrumented assemblies: see eng/fuzz
               DockMon.Fuzz replay TARGET FILE…     runs a target over inputs and says what becomes of each
        """;

    private static int Main(string[] args)
    {
        switch (args)
        {
            case ["list"]:
                Console.Out.Write(string.Concat(FuzzTargets.All.Select(target => target.Name + "\n")));
                return 0;
            case ["afl", var name]:
                var fuzzed = FuzzTargets.Find(name);
                // In a process of its own: the end of it, as by a stack overflow, is a crash as every other.
                Fuzzer.OutOfProcess.Run(input => fuzzed.Run(ReadAll(input)));
                return 0;
            case ["replay", var name, .. var files] when files.Length > 0:
                return files.Select(file => Replay(FuzzTargets.Find(name), file)).ToList().Contains(false) ? 1 : 0;
            default:
                Console.Error.WriteLine(Usage);
                return 2;
        }
    }

    private static byte[] ReadAll(Stream input)
    {
        using var all = new MemoryStream();
        input.CopyTo(all);
        return all.ToArray();
    }

    private static bool Replay(FuzzTarget target, string file)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            target.Run(File.ReadAllBytes(file));
            Console.Out.WriteLine($"ok     {Stopwatch.GetElapsedTime(started).TotalMilliseconds,8:0.0} ms  {file}");
            return true;
        }
        catch (Exception e)
        {
            Console.Out.WriteLine($"FAILED {file}\n{e}");
            return false;
        }
    }
}
