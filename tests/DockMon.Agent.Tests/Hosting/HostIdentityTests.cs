using System.Runtime.InteropServices;
using System.Text.Json;
using DockMon.Agent.Configuration;
using DockMon.Agent.Hosting;
using DockMon.Agent.Linux;
using DockMon.Engine;
using DockMon.Protocol;
using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Hosting;

public sealed class HostIdentityTests
{
    private const string Info =
        """{"ID":"ABCD:EFGH:IJKL","Name":"server1","OSType":"linux","OperatingSystem":"Debian 12","KernelVersion":"6.1.0","NCPU":4,"MemTotal":"""
        + """8000000000,"ServerVersion":"20.10.1"}""";

    private static readonly AgentOptions Options = new() { ServerUrl = new Uri("ws://h") };

    private static readonly Machine Nowhere = new("/nowhere") { Hostname = "os-name", InContainer = false };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_is_described_by_what_its_engine_tells()
    {
        await using var engine = new ScriptedEngine(
            ("/info", 200, Info), ("/version", 200, """{"Version":"20.10.2"}"""),
            ("/networks/bridge", 200, """{"Name":"bridge","Created":"2026-11-23T08:24:59.123456789Z"}"""));

        var host = await HostIdentity.DescribeAsync(engine.Client, Options, null, Nowhere, Ct);

        (host.EngineId, host.Hostname, host.HostnameSource).ShouldBe(("ABCD:EFGH:IJKL", "server1", "daemon"));
        host.System.ShouldBe(new SystemInformation
        {
            Hostname = "server1",
            HostnameSource = "daemon",
            AgentOs = "linux",
            AgentArch = HostIdentity.Architecture(RuntimeInformation.ProcessArchitecture),
            OsType = "linux",
            OsVersion = "Debian 12",
            KernelVersion = "6.1.0",
            DockerVersion = "20.10.2",
            DaemonStartedAt = "2026-11-23T08:24:59.123456789Z",
            TotalMemory = 8_000_000_000,
            NumCpus = 4,
        });
    }

    [Theory]
    [InlineData(404)]
    [InlineData(403)]
    [InlineData(500)]
    public async Task What_the_engine_or_a_proxy_refuses_to_tell_is_left_out(int status)
    {
        await using var engine = new ScriptedEngine(("/info", 200, Info), ("/version", status, "{}"), ("/networks/bridge", status, "{}"));

        var system = (await HostIdentity.DescribeAsync(engine.Client, Options, null, Nowhere, Ct)).System;

        system.DaemonStartedAt.ShouldBeNull();
        system.DockerVersion.ShouldBe("20.10.1");
        system.HostIps.ShouldBeNull();
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"Created":5}""")]
    [InlineData("not json")]
    public async Task A_network_without_a_time_is_no_error(string network)
    {
        await using var engine = new ScriptedEngine(("/info", 200, """{"ID":"A"}"""), ("/networks/bridge", 200, network));

        var host = await HostIdentity.DescribeAsync(engine.Client, Options, null, Nowhere, Ct);

        host.System.DaemonStartedAt.ShouldBeNull();
        host.System.TotalMemory.ShouldBeNull();
        host.System.OsType.ShouldBeNull();
        (host.Hostname, host.HostnameSource).ShouldBe(("os-name", "os"));
    }

    [Fact]
    public async Task An_engine_without_an_id_cannot_be_registered()
    {
        await using var engine = new ScriptedEngine(("/info", 200, "{}"));

        await Should.ThrowAsync<EngineException>(() => HostIdentity.DescribeAsync(engine.Client, Options, null, Nowhere, Ct));
    }

    [Theory]
    [InlineData("named", "daemon", "os", "named", "agent_name")]
    [InlineData(null, "daemon", "os", "daemon", "daemon")]
    [InlineData(null, "", "os", "os", "os")]
    [InlineData(null, null, " ", "ABCD:EFGH:IJ", "engine_id")]
    public void The_first_name_there_is_is_the_hosts(string? configured, string? daemon, string? os, string name, string source) =>
        HostIdentity.ChooseName(configured, daemon, os, "ABCD:EFGH:IJKL").ShouldBe((name, source));

    [Fact]
    public void A_name_is_cut_to_its_limit_between_characters()
    {
        HostIdentity.ChooseName(null, new string('n', 300), null, "A").Name.Length.ShouldBe(255);
        HostIdentity.ChooseName(null, new string('n', 254) + "🐳", null, "A").Name.ShouldBe(new string('n', 254));
    }

    [Theory]
    [InlineData(Architecture.X64, "amd64")]
    [InlineData(Architecture.Arm64, "arm64")]
    [InlineData(Architecture.RiscV64, "riscv64")]
    public void Processors_have_the_names_Go_gives_them(Architecture architecture, string name) =>
        HostIdentity.Architecture(architecture).ShouldBe(name);

    [Fact]
    public void Values_a_server_would_refuse_are_left_out_and_the_others_kept()
    {
        var request = Build(new SystemInformation
        {
            OsType = "linux",
            KernelVersion = new string('k', 256),
            TotalMemory = long.MaxValue,
            NumCpus = 0,
            HostIps = [new string('1', 46)],
            HostIp = "192.0.2.5",
        });

        RegisterValidation.Find(request).ShouldBeNull();
        (request.OsType, request.HostIp).ShouldBe(("linux", "192.0.2.5"));
        (request.KernelVersion, request.TotalMemory, request.NumCpus, request.HostIps).ShouldBe((null, null, null, null));
        JsonSerializer.Serialize(request, ProtocolJson.Default.RegisterRequest).ShouldNotContain("null");
    }

    [Fact]
    public void A_required_value_a_server_would_refuse_is_left_for_the_caller_to_find() =>
        RegisterValidation.Find(Build(new SystemInformation(), token: "not a token")).ShouldNotBeNull().Field.ShouldBe("token");

    private static RegisterRequest Build(SystemInformation system, string token = "t") => HostIdentity.Build(
        new HostDescription { EngineId = "A:B", Hostname = "h", HostnameSource = HostnameSources.Daemon, System = system },
        Options, token, AgentVersion.Current, new Dictionary<string, bool> { [Capabilities.SelfUpdate] = false });
}
