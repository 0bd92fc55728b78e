using DockMon.Agent.Audit;
using DockMon.Agent.Commands;
using DockMon.Agent.Delivery;
using DockMon.Agent.Streams.HealthChecks;
using DockMon.Agent.Tests.Audit;
using DockMon.Agent.Tests.Connection;
using DockMon.Agent.Tests.Policies;
using DockMon.Protocol;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Streams.HealthChecks;

public sealed class HealthCheckAuditTests : IAsyncDisposable
{
    private readonly AuditScene _scene = new();
    private readonly AuditLog _log;
    private readonly HealthCheckRunner _runner;
    private readonly Routes _routes = new();

    public HealthCheckAuditTests()
    {
        _log = _scene.Start();
        _runner = new HealthCheckRunner(
            (_, _) => throw new InvalidOperationException("nothing is checked here"),
            Gates.NoPolicy,
            Gates.Of(Gates.NoPolicy, Gates.NoEngine, audit: _log),
            TestConnections.Create(isConnected: false),
            new Outbound(new Outbox(_scene.DataPath), _scene.Time, NullLogger<Outbound>.Instance),
            _scene.Time,
            NullLogger<HealthCheckRunner>.Instance);
        _runner.AddTo(_routes);
    }

    public async ValueTask DisposeAsync()
    {
        _runner.Dispose();
        await _scene.DisposeAsync();
    }

    [Fact]
    public async Task Each_set_is_recorded_once_without_the_secrets_of_its_addresses()
    {
        const string First = """
            {"configs":[{"container_id":"web","url":"http://u:passw0rd@web/ready?key=k3y"},{"container_id":"db","url":"http://db/"},
             {"container_id":"off","url":"http://off/","enabled":false}]}
            """;
        Say(FrameTypes.HealthCheckConfigsSync, """{"configs":[]}""");
        Say(FrameTypes.HealthCheckConfigsSync, First);
        Say(FrameTypes.HealthCheckConfigsSync, First);
        Say(FrameTypes.HealthCheckConfig, """{"container_id":"web","url":"http://web/other","method":"head"}""");
        Say(FrameTypes.HealthCheckConfigRemove, """{"container_id":"db"}""");
        await AuditScene.StopAsync(_log);
        _scene.Records()[1..^1].Select(record => (record.Phase, record.Action, record.Subject)).ShouldBe([
            ("noted", "health_checks", "2 configured: web GET http://web/ready, db GET http://db/"),
            ("noted", "health_checks", "2 configured: web HEAD http://web/other"),
            ("noted", "health_checks", "1 configured: no longer db")]);
    }

    private void Say(string type, string payload) => _routes.Messages[type](System.Text.Json.JsonElement.Parse(payload));
}
