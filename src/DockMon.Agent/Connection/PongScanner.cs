using System.Buffers.Binary;

namespace DockMon.Agent.Connection;

/// <summary>
/// Finds the answers to our pings in what a server sends, wherever one read ends and the next begins. The WebSocket gets every byte as it came; it has
/// no way to tell of pongs, and takes no offence at any.
/// </summary>
/// <param name="ponged">Told the number that the ping had.</param>
internal sealed class PongScanner(Action<long> ponged)
{
    private const byte Pong = 0x0a;
    private const int NumberBytes = sizeof(long);

    // Two bytes, then up to eight of length, then a mask, which no server sends and a broken one might.
    private readonly byte[] _header = new byte[2 + 8 + 4];
    private readonly byte[] _number = new byte[NumberBytes];
    private int _headerLength;
    private bool _inPayload;
    private ulong _length;
    private ulong _read;

    /// <summary>Looks at the next bytes.</summary>
    public void Scan(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[(_inPayload ? ScanPayload(bytes) : ScanHeader(bytes))..];
        }
    }

    private int ScanHeader(ReadOnlySpan<byte> bytes)
    {
        _header[_headerLength++] = bytes[0];
        if (_headerLength >= 2 && _headerLength == 2 + LengthBytes + ((_header[1] & 0x80) == 0 ? 0 : 4))
        {
            _length = LengthBytes switch
            {
                0 => (ulong)(_header[1] & 0x7f),
                2 => BinaryPrimitives.ReadUInt16BigEndian(_header.AsSpan(2)),
                _ => BinaryPrimitives.ReadUInt64BigEndian(_header.AsSpan(2)),
            };
            (_headerLength, _read, _inPayload) = (0, 0, _length > 0);
        }

        return 1;
    }

    private int LengthBytes => (_header[1] & 0x7f) switch { 127 => 8, 126 => 2, _ => 0 };

    private int ScanPayload(ReadOnlySpan<byte> bytes)
    {
        var count = (int)Math.Min((ulong)bytes.Length, _length - _read);
        var isOurs = (_header[0] & 0x0f) == Pong && _length == NumberBytes;
        if (isOurs)
        {
            bytes[..count].CopyTo(_number.AsSpan((int)_read));
        }

        _read += (ulong)count;
        _inPayload = _read < _length;
        if (isOurs && !_inPayload)
        {
            ponged(BinaryPrimitives.ReadInt64BigEndian(_number));
        }

        return count;
    }
}
