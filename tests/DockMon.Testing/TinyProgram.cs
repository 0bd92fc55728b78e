using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace DockMon.Testing;

/// <summary>
/// A real program of some hundred bytes, for this machine's processor and without a compiler: it leaves a file behind, so that a test sees that it was
/// executed, and says something.
/// </summary>
public static class TinyProgram
{
    private const int Base = 0x400000;
    private const int Headers = 64 + 56;

    /// <summary>A program that says it is a version of the agent, and leaves the file <paramref name="trace"/>.</summary>
    public static byte[] Agent(string version, string trace) => Make($$"""{"product":"dockmon-agent","version":"{{version}}"}""", trace);

    private static byte[] Make(string says, string trace)
    {
        var arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
        var code = arm ? new byte[14 * sizeof(uint)] : new byte[58];
        var answer = Encoding.UTF8.GetBytes(says);
        byte[] path = [.. Encoding.UTF8.GetBytes(trace), 0];
        var (pathAt, answerAt) = (Headers + code.Length, Headers + code.Length + path.Length);
        if (arm)
        {
            WriteArm64(code, pathAt - Headers, answerAt - Headers, answer.Length);
        }
        else
        {
            WriteAmd64(code, pathAt - Headers, answerAt - Headers, answer.Length);
        }

        var file = new byte[answerAt + answer.Length];
        byte[] identity = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        identity.CopyTo(file, 0);
        Put16(file, 16, 2); // An executable, loaded where it says.
        Put16(file, 18, arm ? 183 : 62);
        Put32(file, 20, 1);
        Put64(file, 24, Base + Headers); // Where it begins.
        Put64(file, 32, 64); // One program header after this one.
        Put16(file, 52, 64);
        Put16(file, 54, 56);
        Put16(file, 56, 1);
        Put32(file, 64, 1); // The whole file is loaded,
        Put32(file, 68, 5); // to be read and executed.
        Put64(file, 80, Base);
        Put64(file, 88, Base);
        Put64(file, 96, file.Length);
        Put64(file, 104, file.Length);
        Put64(file, 112, 0x10000);
        code.CopyTo(file, Headers);
        path.CopyTo(file, pathAt);
        answer.CopyTo(file, answerAt);
        return file;
    }

    // creat(path, 0600); write(1, answer, length); exit(0).
    private static void WriteAmd64(byte[] code, int path, int answer, int length)
    {
        byte[] template =
        [
            0xb8, 85, 0, 0, 0,
            0x48, 0x8d, 0x3d, 0, 0, 0, 0,
            0xbe, 0x80, 1, 0, 0,
            0x0f, 5,
            0xb8, 1, 0, 0, 0,
            0xbf, 1, 0, 0, 0,
            0x48, 0x8d, 0x35, 0, 0, 0, 0,
            0xba, 0, 0, 0, 0,
            0x0f, 5,
            0xb8, 60, 0, 0, 0,
            0x31, 0xff,
            0x0f, 5,
        ];
        template.CopyTo(code, 0);
        Put32(code, 8, path - 12); // Both are relative to the instruction that follows.
        Put32(code, 32, answer - 36);
        Put32(code, 37, length);
    }

    // The same, with openat for creat.
    private static void WriteArm64(byte[] code, int path, int answer, int length)
    {
        const uint supervisorCall = 0xd4000001;
        uint[] instructions =
        [
            0x92800c60, Address(1, path - 4), Move(2, 0x41), Move(3, 0x180), Move(8, 56), supervisorCall,
            Move(0, 1), Address(1, answer - 28), Move(2, length), Move(8, 64), supervisorCall,
            Move(0, 0), Move(8, 93), supervisorCall,
        ];
        for (var i = 0; i < instructions.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(code.AsSpan(i * sizeof(uint)), instructions[i]);
        }
    }

    private static uint Move(int register, int value) => 0xd2800000 | ((uint)value << 5) | (uint)register;

    private static uint Address(int register, int distance) =>
        0x10000000 | ((uint)(distance & 3) << 29) | ((uint)(distance >> 2) << 5) | (uint)register;

    private static void Put16(byte[] file, int at, int value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), (ushort)value);

    private static void Put32(byte[] file, int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);

    private static void Put64(byte[] file, int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(at), value);
}
