using System.Text;
using DockMon.Agent.Compose.Deploy;
using DockMon.Agent.Compose.Deploy.Tool;
using DockMon.Agent.Compose.Discovery;

namespace DockMon.Fuzz.Targets;

/// <summary>Compose files, and what compose says.</summary>
internal static class ComposeTargets
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A compose file that somebody wrote.</summary>
    public static void Files(byte[] input)
    {
        string text;
        try
        {
            text = Strict.GetString(input);
        }
        catch (DecoderFallbackException)
        {
            return; // Refused before it is read.
        }

        var model = ComposeModel.Read(text);
        FuzzFailure.When(model.Services.Any(service => service.Name.Length == 0), "a service has no name");
        foreach (var reference in ComposeReference.Read(text, "/opt/stacks/web"))
        {
            var path = reference.Path;
            FuzzFailure.When(!path.StartsWith('/') || path.Contains("/../", StringComparison.Ordinal) || path.Contains('\0', StringComparison.Ordinal),
                $"\"{path}\" is no path");
        }
    }

    /// <summary>Lines of compose's output.</summary>
    public static void Output(byte[] input)
    {
        var lines = Encoding.UTF8.GetString(input).Split('\n');
        foreach (var line in lines)
        {
            FuzzFailure.When(ComposeProgress.Parse(line) is { Stage.Length: 0 }, "a stage has no name");
        }

        FuzzFailure.When(ComposeProgress.Error(lines).Length > 2100, "an error is too long");
    }
}
