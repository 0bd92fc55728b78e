using DockMon.Agent.Configuration;
using DockMon.Agent.Policies.Reading;

namespace DockMon.Agent.Policies.Updating;

/// <summary>Reads the section <c>updates</c> of a policy.</summary>
internal static class UpdateRulesReader
{
    public static UpdateRules Read(PolicyNode node)
    {
        var keys = node.Map("window", "timezone", "min_age");
        if (keys.Count == 0)
        {
            node.AddError("it changes nothing: add window or min_age");
        }
        else if (keys.ContainsKey("timezone") && !keys.ContainsKey("window"))
        {
            node.AddError("timezone says nothing without window");
        }

        return new UpdateRules
        {
            Windows = keys.GetValueOrDefault("window") is { } windows ? [.. windows.OneOrMore().Select(Window).OfType<UpdateWindow>()] : [],
            Zone = keys.GetValueOrDefault("timezone") is { } zone ? Zone(zone) : null,
            MinAge = keys.GetValueOrDefault("min_age") is { } age ? Age(age) : TimeSpan.Zero,
        };
    }

    private static UpdateWindow? Window(PolicyNode node)
    {
        if (node.Text() is not { } text)
        {
            return null;
        }

        if (UpdateWindow.Parse(text) is { } window)
        {
            return window;
        }

        node.AddError($"\"{EnvironmentReader.Short(text)}\" is not {UpdateWindow.Accepted}");
        return null;
    }

    private static TimeZoneInfo? Zone(PolicyNode node)
    {
        if (node.Text() is not { } id)
        {
            return null;
        }

        try
        {
            return TimeZoneInfo.FindSystemTimeZoneById(id);
        }
        catch (Exception e) when (e is TimeZoneNotFoundException or InvalidTimeZoneException or UnauthorizedAccessException or IOException or ArgumentException)
        {
            node.AddError($"the time zone \"{EnvironmentReader.Short(id)}\" is not known here: write one such as Europe/Berlin or UTC, and see that "
                + "/usr/share/zoneinfo is there (the agent's image has none: mount the host's, read-only)");
            return null;
        }
    }

    private static TimeSpan Age(PolicyNode node)
    {
        if (node.Text() is not { } text)
        {
            return TimeSpan.Zero;
        }

        var isDays = text.EndsWith('d');
        if (Duration.TryParse(isDays ? text[..^1] + "h" : text, out var age) && (age *= isDays ? 24 : 1) > TimeSpan.Zero && age < TimeSpan.FromDays(3650))
        {
            return age;
        }

        node.AddError($"\"{EnvironmentReader.Short(text)}\" is no time such as 3d or 36h");
        return TimeSpan.Zero;
    }
}
