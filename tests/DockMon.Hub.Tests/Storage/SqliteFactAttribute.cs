using System.Runtime.CompilerServices;
using Xunit;
using Xunit.v3;

namespace DockMon.Hub.Tests.Storage;

/// <summary>A test of what only SQLite has. <c>./test</c> leaves it out of the run on PostgreSQL.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SqliteFactAttribute : FactAttribute, ITraitAttribute
{
    public SqliteFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line)
    {
        Skip = "only on SQLite";
        SkipType = typeof(TestServer);
        SkipWhen = nameof(TestServer.IsUsed);
    }

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("Database", "SQLite")];
}

/// <summary>A test of what only PostgreSQL has. <c>./test</c> leaves it out of the run on SQLite.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgresFactAttribute : FactAttribute, ITraitAttribute
{
    public PostgresFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line)
    {
        Skip = "only with DOCKMON_TEST_DATABASE=postgres";
        SkipType = typeof(TestServer);
        SkipUnless = nameof(TestServer.IsUsed);
    }

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("Database", "PostgreSQL")];
}
