using DockMon.Agent.Configuration;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DockMon.Agent.Policies.Reading;

/// <summary>
/// A value of a policy with its place in the file. Whatever is not as it is asked for is an error of the policy; reading goes on, so that all errors are
/// found at once, with a default that nobody will use.
/// </summary>
internal sealed class PolicyNode
{
    private readonly YamlNode _node;
    private readonly List<PolicyError> _errors;

    public PolicyNode(YamlNode node, string path, List<PolicyError> errors)
    {
        (_node, Path, _errors) = (node, path, errors);
        if (!node.Anchor.IsEmpty)
        {
            AddError("it has an anchor (&): write out what is to stand in both places");
        }
        else if (!node.Tag.IsEmpty && !node.Tag.IsNonSpecific)
        {
            AddError($"it has the tag {EnvironmentReader.Short(node.Tag.Value)}: leave it away");
        }
    }

    /// <summary>The keys and positions that lead to it, such as <c>containers[1].match</c>; empty for the whole file.</summary>
    public string Path { get; }

    /// <summary>Whether it has keys.</summary>
    public bool IsMap => _node is YamlMappingNode;

    public void AddError(string problem) => _errors.Add(new PolicyError(_node.Start.Line, Path.Length > 0 ? $"{Path}: {problem}" : problem));

    /// <summary>The values by their keys, of which no other than these may be there.</summary>
    public IReadOnlyDictionary<string, PolicyNode> Map(params IReadOnlyList<string> known)
    {
        var values = new Dictionary<string, PolicyNode>(StringComparer.Ordinal);
        if (_node is not YamlMappingNode map)
        {
            AddError($"{Kind()} stands where keys are needed: {string.Join(", ", known)}");
            return values;
        }

        foreach (var (key, value) in map.Children)
        {
            var name = ((YamlScalarNode)key).Value ?? "";
            if (!known.Contains(name))
            {
                _errors.Add(new PolicyError(key.Start.Line, $"{(Path.Length > 0 ? Path + ": " : "")}{Suggestion.Unknown("key", name, known)}"));
                continue;
            }

            values[name] = new PolicyNode(value, Path.Length > 0 ? $"{Path}.{name}" : name, _errors);
        }

        return values;
    }

    /// <summary>The items of a list.</summary>
    public IReadOnlyList<PolicyNode> Items()
    {
        if (_node is YamlSequenceNode list)
        {
            return [.. list.Children.Select((item, index) => new PolicyNode(item, $"{Path}[{index}]", _errors))];
        }

        AddError(_node is YamlScalarNode && !IsEmpty ? $"it must be a list: [{EnvironmentReader.Short(Scalar)}]" : $"{Kind()} stands where a list is needed");
        return [];
    }

    /// <summary>The items of a list, or this one alone.</summary>
    public IReadOnlyList<PolicyNode> OneOrMore() => _node is YamlSequenceNode ? Items() : [this];

    /// <summary>A text that is not empty.</summary>
    public string? Text()
    {
        if (_node is YamlScalarNode && !IsEmpty)
        {
            return Scalar;
        }

        AddError($"{Kind()} stands where a text is needed");
        return null;
    }

    /// <summary>A list of texts.</summary>
    public IReadOnlyList<string> Texts() => [.. Items().Select(item => item.Text()).OfType<string>()];

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public bool Flag()
    {
        if (_node is YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" })
        {
            return Scalar == "true";
        }

        AddError("write true or false");
        return false;
    }

    /// <summary>One of several words.</summary>
    public T? Choice<T>(params ReadOnlySpan<(string Word, T Value)> choices)
        where T : struct
    {
        var words = new List<string>();
        foreach (var (word, value) in choices)
        {
            words.Add(word);
            if (!IsEmpty && word == Scalar)
            {
                return value;
            }
        }

        if (Text() is { } text)
        {
            AddError(Suggestion.Unknown("word", text, words));
        }

        return null;
    }

    private string Scalar => (_node as YamlScalarNode)?.Value ?? "";

    private bool IsEmpty => _node is YamlScalarNode { Value: null or "" } or YamlScalarNode { Style: ScalarStyle.Plain, Value: "~" or "null" };

    private string Kind() => _node switch
    {
        YamlMappingNode => "keys with values",
        YamlSequenceNode => "a list",
        _ when IsEmpty => "nothing",
        _ => $"the text \"{EnvironmentReader.Short(Scalar)}\"",
    };
}
