using System.Globalization;
using DockMon.Agent.Configuration;

namespace DockMon.Agent.Policies.Updating;

/// <summary>When containers and the agent itself may be updated, and to images of which age.</summary>
internal sealed record UpdateRules
{
    /// <summary>Allows every update.</summary>
    public static UpdateRules None { get; } = new();

    /// <summary>When updates may begin; empty for always.</summary>
    public IReadOnlyList<UpdateWindow> Windows { get; init; } = [];

    /// <summary>Whose clocks the windows go by; null for this machine's.</summary>
    public TimeZoneInfo? Zone { get; init; }

    /// <summary>How long this host has to have known an image before a container is updated to it.</summary>
    public TimeSpan MinAge { get; init; }

    /// <summary>Decides on an action that was asked for now.</summary>
    public Decision JudgeTime(string action, TimeProvider time)
    {
        if (Windows.Count == 0 || HostActions.Groups.GetValueOrDefault(action) is not (ActionGroup.Update or ActionGroup.SelfUpdate))
        {
            return Decision.Allow("updates");
        }

        var zone = Zone ?? time.LocalTimeZone;
        var local = TimeZoneInfo.ConvertTime(time.GetUtcNow(), zone).DateTime;
        if (Windows.FirstOrDefault(window => window.IsOpen(local)) is { } open)
        {
            return Decision.Allow($"updates: window {open.Text}");
        }

        var next = Windows.Min(window => window.NextOpening(local));
        return Decision.Refuse(
            $"updates: window {string.Join(", ", Windows.Select(window => window.Text))}",
            string.Create(CultureInfo.InvariantCulture, $"{action} is not allowed at this time, but again from {next:ddd yyyy-MM-dd HH:mm} ({zone.Id})"));
    }

    /// <summary>Decides on an image.</summary>
    /// <param name="image">Its name.</param>
    /// <param name="seen">When this host has seen it first.</param>
    /// <param name="time">The clock.</param>
    public Decision JudgeAge(string image, DateTimeOffset seen, TimeProvider time)
    {
        var rule = $"updates: min_age {Duration.Format(MinAge)}";
        return time.GetUtcNow() - seen >= MinAge ? Decision.Allow(rule) : Decision.Refuse(rule, string.Create(
            CultureInfo.InvariantCulture,
            $"this host has seen the present image of {image} first at {seen.UtcDateTime:yyyy-MM-dd HH:mm} UTC, "
            + $"and updates to it from {(seen + MinAge).UtcDateTime:yyyy-MM-dd HH:mm} UTC on"));
    }
}
