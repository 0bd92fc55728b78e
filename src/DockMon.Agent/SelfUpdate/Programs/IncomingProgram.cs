using System.Security.Cryptography;
using DockMon.Agent.Commands;
using DockMon.Agent.Connection;
using DockMon.Agent.Storage;

namespace DockMon.Agent.SelfUpdate.Programs;

/// <summary>Takes in what comes as a program or as its signature. It may stop coming, break off, or be of any length.</summary>
internal sealed class IncomingProgram(SelfUpdateStore store, TimeProvider time)
{
    private const long LongestProgram = 256 * 1024 * 1024;

    // A signature has 72 bytes at most.
    private const int LongestSignature = 1024;

    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);

    /// <summary>Waits for what comes, and says so when it does not.</summary>
    public async Task<T> ReadAsync<T>(ValueTask<T> reading, string source, CancellationToken ct)
    {
        try
        {
            return await reading.AsTask().WaitAsync(Silence, time, ct);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or TimeoutException)
        {
            throw new CommandException($"the new program broke off on its way out of {source}: {Reason(e)}; this version works on, ask for the update again");
        }
    }

    /// <summary>Waits for an answer.</summary>
    /// <exception cref="TimeoutException">There is none.</exception>
    public Task<T> WaitAsync<T>(Task<T> answer, CancellationToken ct) => answer.WaitAsync(Silence, time, ct);

    /// <summary>What an exception says, without secrets.</summary>
    public static string Reason(Exception e) =>
        e is TimeoutException ? $"nothing came for {Silence.TotalSeconds:0} s (timeout)" : UserInfo.Remove(e.GetBaseException().Message);

    /// <summary>Writes a program into the data folder.</summary>
    /// <returns>Its checksum, hexadecimal.</returns>
    public async Task<string> WriteAsync(Stream program, string source, CancellationToken ct)
    {
        var path = store.IncomingPath;
        try
        {
            PrivateFolder.Make(Path.GetDirectoryName(path)!);
            File.Delete(path);
            var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0, Options = FileOptions.Asynchronous,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            });
            await using (file)
            {
                using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                var buffer = new byte[128 * 1024];
                while (await ReadAsync(program.ReadAsync(buffer, ct), source, ct) is > 0 and var count)
                {
                    hash.AppendData(buffer, 0, count);
                    await file.WriteAsync(buffer.AsMemory(0, count), ct);
                    if (file.Position > LongestProgram)
                    {
                        throw new CommandException($"what comes is longer than {LongestProgram / 1024 / 1024} MiB and is no agent");
                    }
                }

                file.Flush(flushToDisk: true);
                return Convert.ToHexStringLower(hash.GetHashAndReset());
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"the new program cannot be written to {store.Folder}: {StorageAdvice.Describe(e, store.Folder)}");
        }
    }

    /// <summary>Reads a signature.</summary>
    public async Task<byte[]> ReadSignatureAsync(Stream signature, string source, CancellationToken ct)
    {
        var bytes = new byte[LongestSignature + 1];
        var length = await ReadAsync(signature.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct), source, ct);
        return length <= LongestSignature ? bytes[..length] : throw new CommandException($"what {source} has as a signature is longer than any signature");
    }
}
