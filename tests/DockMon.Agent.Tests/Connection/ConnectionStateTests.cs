using DockMon.Agent.Connection;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Connection;

/// <summary>What the parts of the agent know of the connection.</summary>
public sealed class ConnectionStateTests
{
    private readonly ConnectionState _state = new();
    private readonly List<string> _raised = [];

    public ConnectionStateTests()
    {
        _state.Connected += auth => _raised.Add($"{auth.HostId} {_state.IsConnected}");
        _state.Disconnected += () => _raised.Add($"gone {_state.IsConnected}");
    }

    [Fact]
    public void Handlers_find_the_state_that_they_are_told_of()
    {
        _state.IsConnected.ShouldBeFalse();
        _state.SetConnected(TestConnections.Auth);
        _state.SetDisconnected();
        _raised.ShouldBe(["host True", "gone False"]);
    }

    [Fact]
    public void An_end_is_told_of_once_and_only_after_a_connection()
    {
        _state.SetDisconnected();
        _state.SetConnected(TestConnections.Auth);
        _state.SetDisconnected();
        _state.SetDisconnected();
        _raised.ShouldBe(["host True", "gone False"]);
    }

    [Fact]
    public void The_last_failure_outlives_the_next_connection()
    {
        _state.LastFailure.ShouldBeNull();
        _state.SetFailure("no route to host");
        _state.SetConnected(TestConnections.Auth);
        _state.LastFailure.ShouldBe("no route to host");
    }
}
