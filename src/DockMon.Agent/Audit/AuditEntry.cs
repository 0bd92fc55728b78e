namespace DockMon.Agent.Audit;

/// <summary>What is to be recorded, as whoever does it knows it. All texts are cut, and have no credentials of addresses.</summary>
/// <param name="Action">A command or an action of the protocol, or one of <see cref="AuditAction"/>.</param>
internal sealed record AuditEntry(string Action)
{
    private const int NameLength = 256;
    private const int TextLength = 1024;
    private const int MaxDangers = 16;
    private const int MostRead = 4 * TextLength;

    /// <inheritdoc cref="AuditRecord.Request"/>
    public string? Request { get; init => field = Cut(value, NameLength); }

    /// <inheritdoc cref="AuditRecord.Work"/>
    public string? Work { get; init => field = Cut(value, NameLength); }

    /// <inheritdoc cref="AuditRecord.Subject"/>
    public string? Subject { get; init => field = Cut(value, TextLength); }

    /// <inheritdoc cref="AuditRecord.Container"/>
    public AuditedContainer? Container
    {
        get;
        init => field = value is null ? null : new(Cut(value.Id, NameLength)!, Cut(value.Name, NameLength)!, Cut(value.Image, NameLength)!);
    }

    /// <inheritdoc cref="AuditRecord.Dangers"/>
    public IReadOnlyList<string> Dangers { get; init => field = Limit(value); } = [];

    /// <inheritdoc cref="AuditRecord.Decision"/>
    public string? Decision { get; init; }

    /// <inheritdoc cref="AuditRecord.Rule"/>
    public string? Rule { get; init => field = Cut(value, NameLength); }

    /// <summary>Texts of the request that no record may show, even if an error text quotes them.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>The record of it; number, time and chain are the log's.</summary>
    public AuditRecord ToRecord(string phase, string? outcome) => new()
    {
        Time = "",
        Previous = "",
        Phase = phase,
        Action = Cut(Action, NameLength)!,
        Request = Request,
        Work = Work,
        Subject = Subject,
        Container = Container,
        Dangers = Dangers.Count > 0 ? Dangers : null,
        Decision = Decision,
        Rule = Rule,
        Outcome = outcome is null ? null : Cut(WithoutSecrets(outcome), TextLength),
    };

    /// <summary>The end of work that a record of an earlier run began.</summary>
    public static AuditEntry Of(AuditRecord begin) => new(begin.Action)
    {
        Request = begin.Request, Work = begin.Work, Subject = begin.Subject, Container = begin.Container,
    };

    private string WithoutSecrets(string text) => Secrets.Aggregate(text, (rest, secret) => rest.Replace(secret, "…", StringComparison.Ordinal));

    private static IReadOnlyList<string> Limit(IReadOnlyList<string> dangers) =>
        dangers.Count <= MaxDangers ? [.. dangers.Select(danger => Cut(danger, NameLength)!)]
        : [.. dangers.Take(MaxDangers).Select(danger => Cut(danger, NameLength)!), $"{dangers.Count - MaxDangers} more"];

    private static string? Cut(string? text, int maximum) => text is null ? null : End(Credentials.Remove(End(text, MostRead)), maximum);

    private static string End(string text, int maximum) =>
        text.Length <= maximum ? text : text[..(char.IsHighSurrogate(text[maximum - 1]) ? maximum - 1 : maximum)] + "…";
}
