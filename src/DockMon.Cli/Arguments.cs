using System.Globalization;

namespace DockMon.Cli;

/// <summary>
/// The arguments of a command: <c>--name VALUE</c>, <c>--name=VALUE</c>, switches, and words. What nobody asks for is an error; after <c>--</c>
/// everything is a word.
/// </summary>
internal sealed class Arguments
{
    private readonly List<string> _rest;

    public Arguments(IEnumerable<string> arguments) => _rest = [.. arguments];

    /// <summary>Takes a switch.</summary>
    public bool Switch(params string[] names) => TakeAll(name => names.Contains(name)) > 0;

    /// <summary>Takes an option with a value; the last one counts.</summary>
    public string? Option(params string[] names) => Options(names) is [.., var last] ? last : null;

    /// <summary>Takes an option with a whole number.</summary>
    public int? Number(string name, int least, int most) => Option(name) is not { } text ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
        : throw new CliException(ExitCodes.Usage, $"{name} is \"{text}\": it must be a whole number from {least} to {most}");

    /// <summary>Takes an option that may be given several times.</summary>
    public List<string> Options(params string[] names)
    {
        var values = new List<string>();
        for (var i = 0; i < End(); i++)
        {
            var equals = _rest[i].IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && names.Contains(_rest[i][..equals]))
            {
                values.Add(_rest[i][(equals + 1)..]);
                _rest.RemoveAt(i--);
            }
            else if (names.Contains(_rest[i]))
            {
                if (i + 1 >= End())
                {
                    throw new CliException(ExitCodes.Usage, $"{_rest[i]} needs a value");
                }

                values.Add(_rest[i + 1]);
                _rest.RemoveRange(i--, 2);
            }
        }

        return values;
    }

    /// <summary>Takes the next word; after the options.</summary>
    /// <param name="what">What it is, for the error when it is missing.</param>
    public string Word(string what) => NextWord() ?? throw new CliException(ExitCodes.Usage, $"{what} is missing");

    public string? NextWord()
    {
        RefuseOptions();
        _rest.Remove("--");
        if (_rest.Count == 0)
        {
            return null;
        }

        var word = _rest[0];
        _rest.RemoveAt(0);
        _rest.Insert(0, "--");
        return word;
    }

    /// <summary>Takes all words; at least one.</summary>
    public List<string> Words(string what)
    {
        var words = new List<string> { Word(what) };
        while (NextWord() is { } word)
        {
            words.Add(word);
        }

        return words;
    }

    /// <summary>To be called when everything was taken.</summary>
    public void Done()
    {
        if (NextWord() is { } word)
        {
            throw new CliException(ExitCodes.Usage, $"\"{word}\" is too much");
        }
    }

    private int End() => _rest.IndexOf("--") is >= 0 and var end ? end : _rest.Count;

    private int TakeAll(Predicate<string> match)
    {
        var taken = 0;
        for (var i = End() - 1; i >= 0; i--)
        {
            if (match(_rest[i]))
            {
                _rest.RemoveAt(i);
                taken++;
            }
        }

        return taken;
    }

    private void RefuseOptions()
    {
        if (_rest.Take(End()).FirstOrDefault(word => word.Length > 1 && word[0] == '-') is { } option)
        {
            throw new CliException(ExitCodes.Usage, $"there is no option {option} here");
        }
    }
}
