using System.Buffers;

namespace DockMon.Engine;

/// <summary>
/// Copies one JSON document, in memory of its limits' size whatever the document's own is. A string over its limit is cut and ends with a mark. An object
/// or a list over the limit of its depth keeps the members that fit, and of the others the essential ones; an object gets a mark. What is within its limits
/// stays byte for byte. Whether it is valid JSON is for the one who reads the copy to say.
/// </summary>
internal sealed class JsonTrimmer(JsonLimits limits) : IDisposable
{
    /// <summary>Room beyond an object's limit for what is kept all the same.</summary>
    private const int Reserve = 32 * 1024;

    private const int SmallBuffer = 4 * 1024;

    /// <summary>The pool would keep a larger buffer long after the one list that needed it.</summary>
    private const int LargestPooled = 1024 * 1024;

    private static readonly SearchValues<byte> Structure = SearchValues.Create("\"{}[],"u8);

    private readonly Level[] _levels = new Level[limits.Depths.Length + 1];
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(SmallBuffer);
    private int _length;
    private int _depth;
    private int _dropping; // The depth whose current member is not copied any more; 0 when everything is.
    private bool _inText;
    private bool _escaped;
    private int _textStart;
    private int _textKept;
    private long _textLength;

    /// <summary>The copy so far; valid until more is fed.</summary>
    public ReadOnlyMemory<byte> Copied => _buffer.AsMemory(0, _length);

    /// <summary>Bytes of the document so far.</summary>
    public long Length { get; private set; }

    /// <summary>How many strings, objects and lists of it were cut.</summary>
    public int Cuts { get; private set; }

    /// <summary>The document's last bracket was fed.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Begins another document.</summary>
    public void Reset()
    {
        if (_buffer.Length > 16 * SmallBuffer)
        {
            Exchange(SmallBuffer);
        }

        (_length, _depth, _dropping, _inText, _escaped, Length, Cuts, IsComplete) = (0, 0, 0, false, false, 0, 0, false);
    }

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            Return();
            _buffer = [];
        }
    }

    /// <summary>Takes bytes of the document.</summary>
    /// <returns>How many belong to it: fewer than were given when it ended.</returns>
    public int Feed(ReadOnlySpan<byte> input)
    {
        var taken = 0;
        while (taken < input.Length && !IsComplete)
        {
            var rest = input[taken..];
            taken += _inText ? FeedText(rest) : FeedStructure(rest);
        }

        return taken;
    }

    /// <summary>Takes bytes of an answer: all of them, whatever comes behind the document.</summary>
    public void FeedAll(ReadOnlySpan<byte> input)
    {
        while (!input.IsEmpty)
        {
            IsComplete = false;
            input = input[Feed(input)..];
        }
    }

    private int FeedStructure(ReadOnlySpan<byte> input)
    {
        var at = input.IndexOfAny(Structure);
        if (at < 0)
        {
            Length += input.Length;
            Copy(input);
            return input.Length;
        }

        Length += at + 1;
        Copy(input[..at]);
        switch (input[at])
        {
            case (byte)'"':
                Copy("\""u8);
                (_inText, _textStart, _textKept, _textLength) = (true, _length, 0, 0);
                break;
            case (byte)',':
                Separate();
                break;
            case (byte)'{' or (byte)'[':
                Copy(input.Slice(at, 1));
                Open(isObject: input[at] == '{');
                break;
            default:
                Close(input.Slice(at, 1));
                break;
        }

        return at + 1;
    }

    private int FeedText(ReadOnlySpan<byte> input)
    {
        var at = _escaped ? 0 : input.IndexOfAny((byte)'"', (byte)'\\');
        var ends = !_escaped && at >= 0 && input[at] == '"';
        var count = at < 0 ? input.Length : ends ? at : at + 1;
        _escaped = !_escaped && at >= 0 && !ends;
        var kept = Math.Min(count, limits.Text - _textKept);
        Copy(input[..kept]);
        _textKept += kept;
        _textLength += count;
        Length += count;
        if (!ends)
        {
            return count;
        }

        Length++;
        EndText();
        return count + 1;
    }

    private void EndText()
    {
        _inText = false;
        if (_textLength > _textKept)
        {
            Cuts++;
            if (_dropping == 0)
            {
                _length = _textStart + JsonCut.WholeCharacters(_buffer.AsSpan(_textStart, _length - _textStart));
            }

            Copy(JsonCut.TextMark(_textLength));
        }

        Copy("\""u8);
    }

    private void Open(bool isObject)
    {
        if (++_depth < _levels.Length)
        {
            _levels[_depth] = new Level { IsObject = isObject, Start = _length, MemberStart = _length, Began = Length - 1 };
        }
    }

    private void Separate()
    {
        if (_depth is 0 || _depth >= _levels.Length)
        {
            Copy(","u8);
            return;
        }

        EndMember();
        if (_levels[_depth].HasMembers)
        {
            Copy(","u8);
        }
    }

    private void Close(ReadOnlySpan<byte> bracket)
    {
        if (_depth > 0 && _depth < _levels.Length)
        {
            EndMember();
            ref var level = ref _levels[_depth];
            if (level is { IsCut: true, IsObject: true })
            {
                Put(level.HasMembers ? ","u8 : ""u8);
                Put(JsonCut.MemberMark(Length - level.Began));
            }
        }

        Put(bracket);
        _depth = Math.Max(_depth - 1, 0);
        IsComplete = _depth == 0;
    }

    /// <summary>Keeps the member that ends here, or takes it out of the copy.</summary>
    private void EndMember()
    {
        ref var level = ref _levels[_depth];
        if (_dropping > 0 && _dropping < _depth)
        {
            return; // All of this level is being left out.
        }

        if (_dropping == _depth || (level.IsCut && !JsonCut.IsEssential(_buffer.AsSpan(level.MemberStart, _length - level.MemberStart))))
        {
            (_length, _dropping) = (level.MemberStart, 0);
        }
        else
        {
            level.HasMembers = true;
        }

        level.MemberStart = _length;
    }

    /// <summary>Copies what is within the limits of all that is around it.</summary>
    private void Copy(ReadOnlySpan<byte> bytes)
    {
        if (_dropping > 0)
        {
            return;
        }

        for (var depth = 1; depth <= _depth && depth < _levels.Length; depth++)
        {
            ref var level = ref _levels[depth];
            var over = _length + bytes.Length - level.Start - limits.Depths[depth - 1];
            if (over > 0)
            {
                Cuts += level.IsCut ? 0 : 1;
                level.IsCut = true;
            }

            if (over > Reserve)
            {
                _dropping = depth;
                return;
            }
        }

        if (_depth == 0 && _length + bytes.Length > limits.Depths[0])
        {
            Cuts++; // No JSON at all.
            return;
        }

        Put(bytes);
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        if (_dropping > 0)
        {
            return;
        }

        if (_buffer.Length - _length < bytes.Length)
        {
            Exchange(Math.Max(_buffer.Length * 2, _length + bytes.Length));
        }

        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Exchange(int size)
    {
        var other = size <= LargestPooled ? ArrayPool<byte>.Shared.Rent(size) : new byte[size];
        _buffer.AsSpan(0, Math.Min(_length, other.Length)).CopyTo(other);
        Return();
        _buffer = other;
    }

    private void Return()
    {
        if (_buffer.Length <= LargestPooled)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }

    /// <summary>An object or a list that is open.</summary>
    private struct Level
    {
        public bool IsObject;
        public bool IsCut;
        public bool HasMembers;
        public int Start;
        public int MemberStart;
        public long Began;
    }
}
