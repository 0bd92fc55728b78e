using System.Buffers.Binary;
using System.Text;

namespace DockMon.Bench;

/// <summary>Follows one direction of a WebSocket connection, from the HTTP head before its frames on, whatever pieces it comes in.</summary>
/// <param name="onHead">Called with the first line of the head.</param>
/// <param name="onFrame">Called with the opcode of each frame, when its header is complete.</param>
internal sealed class FrameCounter(Action<string> onHead, Action<int> onFrame)
{
    private readonly MemoryStream _head = new();
    private readonly byte[] _header = new byte[14];
    private int _headerBytes;
    private long _payload;
    private bool _upgraded;

    public void Take(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (!_upgraded)
            {
                bytes = TakeHead(bytes);
            }
            else if (_payload > 0)
            {
                var skipped = (int)Math.Min(_payload, bytes.Length);
                _payload -= skipped;
                bytes = bytes[skipped..];
            }
            else
            {
                _header[_headerBytes++] = bytes[0];
                bytes = bytes[1..];
                TakeHeader();
            }
        }
    }

    private ReadOnlySpan<byte> TakeHead(ReadOnlySpan<byte> bytes)
    {
        var before = (int)_head.Length;
        _head.Write(bytes);
        var head = _head.GetBuffer().AsSpan(0, (int)_head.Length);
        var end = head.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return [];
        }

        _upgraded = true;
        onHead(Encoding.ASCII.GetString(head[..head.IndexOf("\r\n"u8)]));
        return bytes[(end + 4 - before)..];
    }

    // Two bytes, then a longer length where seven bits do not hold it, then the client's mask.
    private void TakeHeader()
    {
        if (_headerBytes < 2)
        {
            return;
        }

        var length = _header[1] & 0x7F;
        var more = length switch { 126 => 2, 127 => 8, _ => 0 };
        if (_headerBytes < 2 + more + ((_header[1] & 0x80) != 0 ? 4 : 0))
        {
            return;
        }

        _payload = more switch
        {
            2 => BinaryPrimitives.ReadUInt16BigEndian(_header.AsSpan(2)),
            8 => BinaryPrimitives.ReadInt64BigEndian(_header.AsSpan(2)),
            _ => length,
        };
        _headerBytes = 0;
        onFrame(_header[0] & 0x0F);
    }
}
