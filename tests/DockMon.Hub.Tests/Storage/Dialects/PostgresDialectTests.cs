using System.Data.Common;
using DockMon.Hub.Storage.Dialects;
using Npgsql;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Storage.Dialects;

public sealed class PostgresDialectTests
{
    [Theory]
    [InlineData("25P03", true)] // The server ended a transaction that did nothing: the hub stood still, or was cut off.
    [InlineData("57P01", true)] // The server stops.
    [InlineData("57P02", true)] // A process of the server died, and it starts again.
    [InlineData("57P03", true)] // It is starting.
    [InlineData("53300", true)] // It has too many connections.
    [InlineData("42P01", false)] // There is no such table.
    [InlineData("23505", false)] // It is there already.
    [InlineData("28P01", false)] // The password is wrong.
    public async Task An_error_of_the_server_that_passes_is_no_error_of_the_hub(string state, bool passes) =>
        await AssertAsync(new PostgresException("text", "FATAL", "FATAL", state), passes);

    [Fact]
    public async Task A_connection_that_is_closed_while_it_is_used_is_one_that_cannot_be_reached()
    {
        await AssertAsync(new NpgsqlException("Exception while reading from stream", new EndOfStreamException()), true);
        await AssertAsync(new NpgsqlException("Exception while writing to stream", new ObjectDisposedException("socket")), true);
        await AssertAsync(new NpgsqlException("Exception while reading from stream", new OperationCanceledException()), true);
        await AssertAsync(new NpgsqlException("a mistake of the hub"), false);
    }

    private static async Task AssertAsync(DbException e, bool passes)
    {
        await using var dialect = new PostgresDialect(PostgresAddress.Parse("postgres://hub@127.0.0.1/hub"));
        dialect.IsAway(e).ShouldBe(passes);
    }
}
