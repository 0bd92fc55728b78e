using DockMon.Hub.Tests.Storage;
using DockMon.Testing;
using Npgsql;
using Xunit;

[assembly: AssemblyFixture(typeof(TestServer))]

namespace DockMon.Hub.Tests.Storage;

/// <summary>
/// With <c>DOCKMON_TEST_DATABASE=postgres</c>, the PostgreSQL server of this run, with a
/// schema for each test hub: a database takes a thousand times longer.
/// </summary>
public sealed class TestServer : IAsyncLifetime
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, Task<string>> Databases = new(StringComparer.Ordinal);

    private readonly TestAuthority _authority = new();
    private PostgresServer? _server;
    private NpgsqlDataSource? _source;

    /// <summary>Whether this run is on PostgreSQL.</summary>
    public static bool IsUsed { get; } = Environment.GetEnvironmentVariable("DOCKMON_TEST_DATABASE") == "postgres";

    /// <summary>The one of this run.</summary>
    internal static TestServer Current { get; private set; } = null!;

    /// <summary>The server itself.</summary>
    internal PostgresServer Server => _server!;

    /// <summary>Its certificate's authority.</summary>
    internal TestAuthority Authority => _authority;

    public async ValueTask InitializeAsync()
    {
        Current = this;
        if (IsUsed)
        {
            _server = await PostgresServer.StartAsync(_authority, CancellationToken.None);
            _source = NpgsqlDataSource.Create(
                $"Host=127.0.0.1;Port={_server.Port};Username={PostgresServer.User};Database=postgres;SSL Mode=Disable;Maximum Pool Size=4");
            HubFixture.DatabaseOf = DatabaseOfAsync;
            await ExecuteAsync($"CREATE ROLE {PostgresServer.GuardedUser} LOGIN PASSWORD '{PostgresServer.Password}'");
        }
    }

    /// <summary>The address of the database that belongs to a folder: the same one for the same folder, new for a new one.</summary>
    public Task<string> DatabaseOfAsync(string folder)
    {
        lock (Gate)
        {
            return Databases.TryGetValue(folder, out var known) ? known : Databases[folder] = CreateAsync();
        }

        async Task<string> CreateAsync()
        {
            return Server.Address(await NewAsync());
        }
    }

    /// <summary>A user with a schema of the same name, where the tables of that user are.</summary>
    public async Task<string> NewAsync()
    {
        var name = "test_" + Guid.NewGuid().ToString("N");
        await ExecuteAsync($"CREATE ROLE {name} LOGIN; CREATE SCHEMA AUTHORIZATION {name}");
        return name;
    }

    /// <summary>Runs a statement of an administrator.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var command = _source!.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_source is not null)
        {
            await _source.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _authority.Dispose();
    }
}
