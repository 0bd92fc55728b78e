using System.Buffers.Binary;
using System.Security.Cryptography;

namespace DockMon.Agent.Audit;

/// <summary>A SHA-256.</summary>
internal readonly record struct Digest(UInt128 High, UInt128 Low)
{
    private const int Half = 16;

    public static Digest Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return Read(hash);
    }

    public static bool TryParse(string? hex, out Digest digest)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        var isOne = hex?.Length == 2 * hash.Length && Convert.FromHexString(hex, hash, out _, out _) == System.Buffers.OperationStatus.Done;
        digest = isOne ? Read(hash) : default;
        return isOne;
    }

    /// <summary>In small letters, as <c>sha256sum</c> writes it.</summary>
    public override string ToString()
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        BinaryPrimitives.WriteUInt128BigEndian(hash, High);
        BinaryPrimitives.WriteUInt128BigEndian(hash[Half..], Low);
        return Convert.ToHexStringLower(hash);
    }

    private static Digest Read(ReadOnlySpan<byte> hash) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(hash), BinaryPrimitives.ReadUInt128BigEndian(hash[Half..]));
}
