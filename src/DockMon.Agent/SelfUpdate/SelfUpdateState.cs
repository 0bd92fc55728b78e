using System.Text.Json.Serialization;

namespace DockMon.Agent.SelfUpdate;

/// <summary>A program of this product in the data folder.</summary>
/// <param name="Version">What it says it is.</param>
/// <param name="Path">Where it is.</param>
/// <param name="Sha256">Checksum of the file, hexadecimal.</param>
/// <param name="BaseVersion">Version of the program that the container or the unit starts, when this one was installed.</param>
internal sealed record InstalledProgram(string Version, string Path, string Sha256, string BaseVersion);

/// <summary>A new program that has to prove itself.</summary>
/// <param name="Program">The program.</param>
/// <param name="FromVersion">The version that installed it.</param>
/// <param name="Deadline">When it must have proven itself.</param>
/// <param name="Boot">The start of the machine that it began in.</param>
internal sealed record Trial(InstalledProgram Program, string FromVersion, DateTimeOffset Deadline, string? Boot = null)
{
    /// <summary>Starts a watch over what is left of it, which a clock that is set meanwhile does not lengthen.</summary>
    /// <returns>Tells how long it is past the deadline; negative before.</returns>
    public Func<TimeSpan> Watch(TimeProvider time)
    {
        var (started, left) = (time.GetTimestamp(), Deadline - time.GetUtcNow());
        return () => time.GetElapsedTime(started) - left;
    }
}

/// <summary>A self-update that was promised to the server, and has changed nothing yet.</summary>
/// <param name="What">What is to be fetched.</param>
/// <param name="Stage">The stage to tell its end with.</param>
/// <param name="Boot">The start of the machine that it was asked for in.</param>
internal sealed record AcceptedSelfUpdate(string What, string Stage, string? Boot);

/// <summary>Which program is to run: <c>$DATA_PATH/bin/state.json</c>.</summary>
internal sealed record SelfUpdateState
{
    /// <summary>The program that has proven itself; null for the one the container or the unit starts.</summary>
    public InstalledProgram? Confirmed { get; init; }

    /// <summary>The program that is being tried out; null when none is.</summary>
    public Trial? Trial { get; init; }

    /// <summary>The self-update that is under way and has not come to its trial; null for none.</summary>
    public AcceptedSelfUpdate? Accepted { get; init; }

    /// <summary>The image that was not there before a self-update pulled it, until it is removed again; null for none.</summary>
    public string? PulledImage { get; init; }

    /// <summary>Why the last trial failed, until the server was told.</summary>
    public string? Failure { get; init; }

    /// <summary>The trial is over without success.</summary>
    public SelfUpdateState Failed(string reason) =>
        this with { Trial = null, Failure = $"version {Trial?.Program.Version} {reason}; version {Trial?.FromVersion} is back" };
}

[JsonSourceGenerationOptions(WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(SelfUpdateState))]
internal sealed partial class SelfUpdateJson : JsonSerializerContext;
