using System.Collections.Concurrent;
using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using DockMon.Agent.Audit;
using DockMon.Agent.Commands;
using DockMon.Agent.Configuration;
using DockMon.Agent.Delivery;
using DockMon.Agent.Hosting;
using DockMon.Agent.SelfUpdate;
using DockMon.Agent.SelfUpdate.Programs;
using DockMon.Agent.Tests.Hosting;
using DockMon.Engine;
using DockMon.Protocol;
using DockMon.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.SelfUpdate;

/// <summary>An agent with keys, and programs that were signed or were not. One server is the engine and all the hosts of a download.</summary>
public sealed class SignedProgramTests : IAsyncLifetime
{
    private const int MachineOffset = 18;

    private readonly TemporaryFolder _data = new();
    private readonly LogCapture _log = new();
    private readonly SigningKey _key = new();
    private readonly SigningKey _other = new();
    private readonly ConcurrentDictionary<string, byte[]> _files = new();
    private readonly ConcurrentDictionary<string, string> _redirects = new();
    private readonly ConcurrentQueue<string> _asked = new();
    private WebApplication _server = null!;
    private EngineClient _engine = null!;
    private SelfUpdateStore _store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Url => _server.Urls.Single();

    private string ElsewhereUrl => Url.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);

    private string Trace => _data.File("executed");

    private byte[] Newer => TinyProgram.Agent("99.0.0", Trace);

    public async ValueTask InitializeAsync()
    {
        _server = await LoopbackServer.StartAsync(AnswerAsync, Token);
        _engine = new EngineClient(EngineEndpoint.FromEnvironment("tcp://" + new Uri(Url).Authority, null, null), TimeProvider.System);
        _store = new SelfUpdateStore(_data.Path);
    }

    public async ValueTask DisposeAsync()
    {
        _engine.Dispose();
        await _server.DisposeAsync();
        _key.Dispose();
        _other.Dispose();
        _data.Dispose();
    }

    [Theory]
    [InlineData("download")]
    [InlineData("image")]
    public async Task A_signed_program_is_taken_with_its_signature(string from)
    {
        Offer(Newer, _key.Sign(Newer));
        (await UpdateAsync(from)).ShouldBeNull();
        File.Exists(Trace).ShouldBeTrue("it was asked for its version");
        var folder = Directory.GetDirectories(_data.File("bin")).Single();
        File.ReadAllBytes(Path.Combine(folder, "dockmon-agent")).ShouldBe(Newer);
        File.ReadAllBytes(Path.Combine(folder, "dockmon-agent.sig")).ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("download", "the program is not signed: there is no")]
    [InlineData("image", "is not signed: it has no /app/dockmon-agent.sig")]
    public async Task An_unsigned_program_is_not_executed(string from, string words)
    {
        Offer(Newer, signature: null);
        (await UpdateAsync(from)).ShouldNotBeNull().ShouldContain(words);
        File.Exists(Trace).ShouldBeFalse();
        _asked.ShouldNotContain("/agent", "what has no signature need not be downloaded");
    }

    [Theory]
    [InlineData("download")]
    [InlineData("image")]
    public async Task A_program_that_another_key_has_signed_is_not_executed(string from)
    {
        Offer(Newer, _other.Sign(Newer));
        (await UpdateAsync(from)).ShouldNotBeNull().ShouldContain("the program's signature does not hold");
        File.Exists(Trace).ShouldBeFalse();
        Directory.Exists(_data.File("bin/incoming")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_program_that_was_changed_after_it_was_signed_is_not_executed_whatever_its_checksum()
    {
        byte[] changed = [.. Newer, 0];
        Offer(changed, _key.Sign(Newer));
        (await UpdateAsync("download")).ShouldNotBeNull().ShouldContain("the program's signature does not hold");
        File.Exists(Trace).ShouldBeFalse();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(72)]
    [InlineData(1024)]
    [InlineData(1025)]
    public async Task What_is_no_signature_holds_for_nothing(int length)
    {
        Offer(Newer, new byte[length]);
        (await UpdateAsync("download")).ShouldNotBeNull().ShouldContain(length > 1024 ? "longer than any signature" : "signature does not hold");
        File.Exists(Trace).ShouldBeFalse();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_signed_program_that_is_older_is_refused_even_by_force(bool force)
    {
        var older = TinyProgram.Agent("1.0.0", Trace);
        Offer(older, _key.Sign(older));
        (await UpdateAsync("download", force: force)).ShouldNotBeNull().ShouldContain($"version 1.0.0 is older than version {AgentVersion.Current}");
        _store.Read().Confirmed.ShouldBeNull();
    }

    [Fact]
    public async Task A_signed_program_of_the_same_version_is_taken_by_force()
    {
        var same = TinyProgram.Agent(AgentVersion.Current, Trace);
        Offer(same, _key.Sign(same));
        (await UpdateAsync("download")).ShouldNotBeNull().ShouldContain("force takes it all the same");
        (await UpdateAsync("download", force: true)).ShouldBeNull();
    }

    [Fact]
    public async Task A_signed_program_for_another_processor_is_not_executed()
    {
        var program = Newer;
        program[MachineOffset] = (byte)(program[MachineOffset] == 62 ? 183 : 62);
        Offer(program, _key.Sign(program));
        (await UpdateAsync("download")).ShouldNotBeNull().ShouldContain("the program is for another processor");
        File.Exists(Trace).ShouldBeFalse();
    }

    [Fact]
    public async Task A_signed_program_behind_a_redirect_to_another_host_is_taken()
    {
        Offer(Newer, _key.Sign(Newer), "/kept/elsewhere");
        _redirects["/agent"] = ElsewhereUrl + "/kept/elsewhere?key=1";
        _redirects["/agent.sig"] = ElsewhereUrl + "/kept/elsewhere.sig?key=2";
        (await UpdateAsync("download")).ShouldBeNull();
        File.Exists(Trace).ShouldBeTrue();
    }

    [Fact]
    public async Task A_program_behind_a_redirect_needs_its_signature_all_the_same()
    {
        Offer(Newer, _other.Sign(Newer), "/kept/elsewhere");
        _redirects["/agent"] = ElsewhereUrl + "/kept/elsewhere";
        _redirects["/agent.sig"] = ElsewhereUrl + "/kept/elsewhere.sig";
        (await UpdateAsync("download")).ShouldNotBeNull().ShouldContain("the program's signature does not hold");
        File.Exists(Trace).ShouldBeFalse();
    }

    [Theory]
    [InlineData("http://192.0.2.1/agent", "is no https address, and this agent downloads signed programs only by https")]
    [InlineData("ftp://192.0.2.1/agent", "which is not followed")]
    [InlineData("/agent.sig", "was redirected more than 10 times")]
    public async Task A_redirect_that_leads_astray_is_not_followed(string to, string words)
    {
        _redirects["/agent.sig"] = to;
        (await UpdateAsync("download")).ShouldNotBeNull().ShouldContain(words);
    }

    [Theory]
    [InlineData("https://a/x", "https://b/y", true)]
    [InlineData("https://a/x", "/y", true)]
    [InlineData("https://a/x", "http://a/x", false)]
    [InlineData("https://a/x", "http://127.0.0.1/x", false)]
    [InlineData("http://a/x", "http://b/x", true)]
    [InlineData("http://a/x", "https://a/x", true)]
    [InlineData("https://a/x", "file:///etc/passwd", false)]
    public void From_https_nothing_leads_to_another_scheme_even_for_programs_without_a_signature(string from, string to, bool isFollowed)
    {
        Uri Follow() => ProgramDownload.Follow(new Uri(from), new Uri(to, UriKind.RelativeOrAbsolute), from, needsSignature: false);
        if (isFollowed)
        {
            Follow().ShouldBe(new Uri(new Uri(from), to));
        }
        else
        {
            Should.Throw<CommandException>(Follow).Message.ShouldContain("is not followed: it is no https address");
        }
    }

    [Fact]
    public async Task A_signed_program_is_downloaded_by_https_only()
    {
        (await UpdateAsync(new SelfUpdateRequest { BinaryUrl = "http://192.0.2.1/agent" })).ShouldNotBeNull().ShouldContain("only by https");
    }

    [Fact]
    public async Task The_signatures_address_keeps_the_query_which_no_error_shows()
    {
        _redirects["/agent.sig"] = "http://192.0.2.1/?token=s3cret";
        var error = await UpdateAsync(new SelfUpdateRequest { BinaryUrl = Url + "/agent?token=s3cret" });
        error.ShouldNotBeNull().ShouldNotContain("s3cret");
        _asked.ShouldContain("/agent.sig?token=s3cret");
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public async Task Of_two_keys_either_may_have_signed(int signer, bool accepted)
    {
        using var third = new SigningKey();
        var keys = ReleaseKeys.Parse($"The keys of 2027:\n{_key.PublicPem}\nand of 2028:\n{_other.PublicPem}");
        keys.Ids.Count.ShouldBe(2);
        Offer(Newer, new[] { _key, _other, third }[signer].Sign(Newer));
        ((await UpdateAsync("download", keys: keys)) is null).ShouldBe(accepted);
        File.Exists(Trace).ShouldBe(accepted);
    }

    [Fact]
    public void A_keys_id_is_what_openssl_and_sha256sum_show_and_a_private_key_is_none()
    {
        const string pem = """
            -----BEGIN PUBLIC KEY-----
            MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9vK3A4BKe384P83nBFZ9Uaa3Dxdr
            cVuxp69LDQ9GZrTy3WyN9fdBrhunNmuoT2jkbcI8BkSnkJImoZeg1SuoDQ==
            -----END PUBLIC KEY-----
            """;
        ReleaseKeys.Parse(pem).Ids.ShouldBe(["6dc89455b0a26d1d"]);
        ReleaseKeys.Parse(_key.PrivatePem).IsEmpty.ShouldBeTrue();
    }

    [Theory]
    [InlineData("off", true, "SELF_UPDATE=off")]
    [InlineData("off", false, "SELF_UPDATE=off")]
    [InlineData("signed", false, "built without a key")]
    public async Task An_agent_that_accepts_no_program_says_so_at_once(string mode, bool hasKey, string words)
    {
        Offer(Newer, _key.Sign(Newer));
        var trust = new ProgramTrust(Mode(mode), ReleaseKeys.Parse(hasKey ? _key.PublicPem : ""));
        (await Should.ThrowAsync<CommandException>(() => UpdateAsync(Download, trust))).Message.ShouldContain(words);
        _asked.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("any", true)]
    [InlineData("", false)]
    public async Task Without_keys_or_where_any_program_is_accepted_the_servers_checksum_is_enough(string mode, bool hasKey)
    {
        Offer(Newer, signature: null);
        var trust = new ProgramTrust(Mode(mode), ReleaseKeys.Parse(hasKey ? _key.PublicPem : ""));
        (await UpdateAsync(Download, trust)).ShouldNotBeNull().ShouldContain("needs a checksum");
        (await UpdateAsync(Download with { Checksum = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(Newer)) }, trust)).ShouldBeNull();
        _asked.ShouldNotContain("/agent.sig");
        trust.IsUpToTheServer.ShouldBeTrue();
    }

    [Fact]
    public async Task What_was_installed_is_executed_at_the_next_start_only_while_its_signature_holds()
    {
        Offer(Newer, _key.Sign(Newer));
        (await UpdateAsync("download")).ShouldBeNull();
        var path = Directory.GetFiles(_data.File("bin"), "dockmon-agent", SearchOption.AllDirectories).Single();
        var program = new InstalledProgram("99.0.0", path, OtherAgent.Sha256(path), AgentVersion.Current);
        string? Refusal(SelfUpdateMode? mode, SigningKey key) =>
            new ProgramTrust(mode, ReleaseKeys.Parse(key.PublicPem)).FindRefusal(program.Sha256, SelfUpdateStore.ReadSignature(program));

        Refusal(null, _key).ShouldBeNull();
        Refusal(SelfUpdateMode.Off, _key).ShouldNotBeNull().ShouldContain("SELF_UPDATE=off");
        Refusal(null, _other).ShouldNotBeNull().ShouldContain("signature does not hold");
        Refusal(SelfUpdateMode.Any, _other).ShouldBeNull();
        File.Delete(path + ".sig");
        Refusal(null, _key).ShouldNotBeNull().ShouldContain("is not signed");
    }

    [Fact]
    public void A_base_does_not_become_a_program_that_its_keys_have_not_signed()
    {
        PrivateFolderWith(Newer);
        var program = _store.Install("99.0.0", new FetchedProgram(OtherAgent.Sha256(_store.IncomingPath), _other.Sign(Newer)), AgentVersion.Current);
        _store.Save(new SelfUpdateState { Confirmed = program });
        new Launcher(_store, new ProgramTrust(null, ReleaseKeys.Parse(_key.PublicPem)), _log).Run();
        _log.Text.ShouldContain("is not executed, and the program that was started runs: the program's signature does not hold");
        _store.Read().Confirmed.ShouldBeNull();
    }

    [Fact]
    public async Task What_was_changed_while_it_waited_is_not_executed()
    {
        Offer(Newer, _key.Sign(Newer));
        using var command = Command(Trust());
        (await UpdateAsync(Download, command)).ShouldBeNull();
        File.AppendAllText(Directory.GetFiles(_data.File("bin"), "dockmon-agent", SearchOption.AllDirectories).Single(), "!");
        Should.Throw<CommandException>(command.ExecuteNewProgram).Message.ShouldContain("is not what it was when it was checked");
        _store.Read().Trial.ShouldBeNull();
    }

    private static SelfUpdateRequest DownloadOf(string url) => new() { Version = "99.0.0", BinaryUrl = url };

    private static SelfUpdateMode? Mode(string word) =>
        AgentOptions.Load(name => name == "SELF_UPDATE" ? word : null).Options.SelfUpdate;

    private SelfUpdateRequest Download => DownloadOf(Url + "/agent");

    private ProgramTrust Trust(ReleaseKeys? keys = null) => new(null, keys ?? ReleaseKeys.Parse(_key.PublicPem));

    private SelfUpdateCommand Command(ProgramTrust trust)
    {
        var options = new AgentOptions { ServerUrl = new Uri("ws://h"), DataPath = _data.Path };
        var report = new SelfUpdateReporter(Outbound, AuditLog.Off, TimeProvider.System);
        return new SelfUpdateCommand(
            new AgentContext(options, _log, TimeProvider.System, new Random(1)),
            _engine,
            TestOwnContainers.None,
            new Lanes(),
            _store,
            trust,
            report);
    }

    private Outbound Outbound => field ??= new Outbound(new Outbox(_data.Path), TimeProvider.System, _log.CreateLogger<Outbound>());

    private void Offer(byte[] program, byte[]? signature, string path = "/agent")
    {
        _files[path] = program;
        if (signature is not null)
        {
            _files[path + ".sig"] = signature;
        }
    }

    private void PrivateFolderWith(byte[] program)
    {
        DockMon.Agent.Storage.PrivateFolder.Make(Path.GetDirectoryName(_store.IncomingPath)!);
        File.WriteAllBytes(_store.IncomingPath, program);
    }

    private Task<string?> UpdateAsync(string from, bool force = false, ReleaseKeys? keys = null) => UpdateAsync(
        from == "image" ? new SelfUpdateRequest { Image = "agent:99" } : Download with { Force = force },
        Trust(keys));

    private Task<string?> UpdateAsync(SelfUpdateRequest request) => UpdateAsync(request, Trust());

    private async Task<string?> UpdateAsync(SelfUpdateRequest request, ProgramTrust trust)
    {
        using var command = Command(trust);
        return await UpdateAsync(request, command);
    }

    /// <summary>What the server is told went wrong; null when the new program is there and the old one is to end.</summary>
    private async Task<string?> UpdateAsync(SelfUpdateRequest request, SelfUpdateCommand command)
    {
        var prepared = new TaskCompletionSource();
        command.Prepared += prepared.SetResult;
        var routes = new Routes();
        command.AddTo(routes);
        await routes.Commands[CommandNames.SelfUpdate].Bind(JsonSerializer.SerializeToElement(request, ProtocolJson.Default.SelfUpdateRequest)).Run(Token);
        string? error = null;
        await Retry.UntilAsync("it has ended", () => prepared.Task.IsCompleted || (error = NextError()) is not null, ct: Token);
        await command.WhenEndedAsync(TimeSpan.FromSeconds(30));
        return error;
    }

    private string? NextError()
    {
        while (Outbound.TryTake() is { } frame)
        {
            var text = Encoding.UTF8.GetString(frame.Bytes);
            if (text.Contains("\"error\":", StringComparison.Ordinal))
            {
                return JsonDocument.Parse(text).RootElement.GetProperty("payload").GetProperty("error").GetString();
            }
        }

        return null;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (path.EndsWith("/archive", StringComparison.Ordinal))
        {
            await SendFromImageAsync(context, context.Request.Query["path"].ToString().Replace("/app/dockmon-agent", "/agent", StringComparison.Ordinal));
        }
        else if (context.Request.Headers.ContainsKey("Api-Version") || path.Contains("/images/", StringComparison.Ordinal)
            || path.Contains("/containers/", StringComparison.Ordinal) || path is "/version" or "/_ping")
        {
            context.Response.Headers["Api-Version"] = "1.41";
            await context.Response.WriteAsync(
                path.EndsWith("/containers/create", StringComparison.Ordinal) ? """{"Id":"c"}"""
                : path.EndsWith("/containers/json", StringComparison.Ordinal) ? "[]" : "{}",
                Token);
        }
        else
        {
            _asked.Enqueue(path + context.Request.QueryString);
            if (_redirects.TryGetValue(path, out var location) && context.Request.Host.Host != "localhost")
            {
                context.Response.Redirect(location);
            }
            else if (_files.TryGetValue(path, out var content))
            {
                await context.Response.Body.WriteAsync(content, Token);
            }
            else
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
            }
        }
    }

    private async Task SendFromImageAsync(HttpContext context, string path)
    {
        if (!_files.TryGetValue(path, out var content))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            await context.Response.WriteAsync("""{"message":"Could not find the file"}""", Token);
            return;
        }

        using var tar = new MemoryStream();
        await using (var writer = new TarWriter(tar, leaveOpen: true))
        {
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "file") { DataStream = new MemoryStream(content) }, Token);
        }

        await context.Response.Body.WriteAsync(tar.ToArray(), Token);
    }
}
