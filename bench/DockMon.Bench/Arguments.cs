using System.Globalization;

namespace DockMon.Bench;

/// <summary>A command line that cannot be used; the message says what to write instead.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>Options written as <c>--name value</c>. A name nobody asked for is an error, or a slip would measure something else.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    public Arguments(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i += 2)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal) || i + 1 == arguments.Count)
            {
                throw new UsageException($"\"{arguments[i]}\" is no option with a value: write --name value");
            }

            _values[arguments[i][2..]] = arguments[i + 1];
        }
    }

    public string? Text(string name)
    {
        _asked.Add(name);
        return _values.GetValueOrDefault(name);
    }

    public int Number(string name, int otherwise, int least = 1) =>
        Text(name) is not { } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least ? number
        : throw new UsageException($"--{name} is \"{text}\": it must be a whole number, at least {least}");

    public double Amount(string name, double otherwise) =>
        Text(name) is not { } text ? otherwise
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number > 0 ? number
        : throw new UsageException($"--{name} is \"{text}\": it must be a number above 0, such as 0.5");

    /// <summary>Whole numbers with commas between them.</summary>
    public IReadOnlyList<int> Numbers(string name, int otherwise) =>
        Text(name) is not { } text ? [otherwise]
        : [.. text.Split(',').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number
            : throw new UsageException($"--{name} is \"{text}\": it must be whole numbers above 0 with commas between them, such as 10,50,200"))];

    /// <summary>To be called when all options were asked for.</summary>
    /// <exception cref="UsageException">There are others.</exception>
    public void Done()
    {
        if (_values.Keys.FirstOrDefault(name => !_asked.Contains(name)) is { } unknown)
        {
            throw new UsageException(
                $"--{unknown} is no option here; there are {string.Join(", ", _asked.Order(StringComparer.Ordinal).Select(name => "--" + name))}");
        }
    }
}
