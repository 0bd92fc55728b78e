using DockMon.Agent.Commands;
using DockMon.Agent.Compose.Deploy.Project;
using DockMon.Agent.Tests.Policies;
using DockMon.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Compose.Deploy;

public sealed class ComposeDeployerTests : IAsyncDisposable
{
    private const string Running = """{"Status":"running","Running":true,"StartedAt":"2026-01-01T00:00:00Z"}""";
    private readonly ComposeScene _scene = new();

    public ValueTask DisposeAsync() => _scene.DisposeAsync();

    [Fact]
    public async Task What_compose_says_of_a_variable_goes_to_who_asked_and_not_to_the_log()
    {
        var end = await _scene.DeployAsync(Up("services: {refuse: {}}", "PORT=hunter2"));
        end.GetProperty("error").GetString()!.ShouldContain("Invalid hostPort: hunter2");
        _scene.Log.Text.ShouldContain("up of project shop failed: compose ended with 15");
        _scene.Log.Text.ShouldNotContain("hunter2");
    }

    [Fact]
    public async Task What_was_checked_is_what_runs_whoever_rewrites_the_projects_files_meanwhile()
    {
        _scene.Runs("web", "Up 2 minutes", Running);
        await File.WriteAllTextAsync(_scene.At("tamper"), "", TestContext.Current.CancellationToken);
        Directory.CreateDirectory(_scene.At("stacks/shop"));
        var end = await _scene.DeployAsync(Up("services: {web: {}}", "PORT=80"));
        end.GetProperty("success").GetBoolean().ShouldBeTrue(end.ToString());
        _scene.Text("stacks/shop/docker-compose.yml").ShouldBe(ComposeScene.Evil + "\n"); // The one who does it did get his turn.
        File.GetUnixFileMode(_scene.At("compose")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _scene.Text("ran").ShouldBe($"services: {{web: {{}}}}# {_scene.At("stacks/shop")}/data on 80\n");

        foreach (var (action, verb) in new[] { ("restart", "restart"), ("down", "down") })
        {
            await AdvanceAsync(_scene.DeployAsync($$"""{"deployment_id":"d2","project_name":"shop","action":"{{action}}"}"""));
            var call = _scene.Text("calls")!.TrimEnd().Split('\n')[^1];
            call.ShouldEndWith(verb);
            call.ShouldContain($"--file {_scene.At("compose/shop/model.yml")} --project-directory {_scene.At("stacks/shop")} --env-file "
                + $"{_scene.At("compose/shop/variables.env")}");
        }
    }

    [Theory]
    [InlineData(".", "of its service web could rewrite it")]
    [InlineData("extra.yml", "of its service web could rewrite it")]
    [InlineData(".:ro", null)]
    [InlineData("html", null)]
    public async Task A_file_that_is_included_is_not_one_that_a_container_of_the_project_may_write(string mounted, string? refused)
    {
        _scene.Runs("web", "Up 2 minutes", Running);
        Directory.CreateDirectory(_scene.At("stacks/shop"));
        await File.WriteAllTextAsync(_scene.At("stacks/shop/extra.yml"), "services: {side: {}}", TestContext.Current.CancellationToken);
        var source = Path.GetFullPath(mounted.Replace(":ro", "", StringComparison.Ordinal), _scene.At("stacks/shop"));
        var readOnly = mounted.EndsWith(":ro", StringComparison.Ordinal) ? "true" : "false";
        var compose = $"include: [extra.yml]\\nservices: {{web: {{volumes: [{{type: bind, source: '{source}', read_only: {readOnly}}}]}}}}";
        var end = await _scene.DeployAsync(Up(compose));
        end.GetProperty("success").GetBoolean().ShouldBe(refused is null, end.ToString());
        (_scene.Text("ran") is null).ShouldBe(refused is not null);
        if (refused is not null)
        {
            end.GetProperty("error").GetString()!.ShouldContain($"includes {_scene.At("stacks/shop/extra.yml")}, and the containers {refused}");
            (await _scene.DeployAsync(Up(compose, envFiles: """{"extra.yml":"services: {}"}"""))).GetProperty("success").GetBoolean().ShouldBeTrue();
        }
    }

    [Fact]
    public async Task A_volume_that_is_the_directory_counts_as_the_directory_for_what_is_included()
    {
        Directory.CreateDirectory(_scene.At("stacks/shop"));
        await File.WriteAllTextAsync(_scene.At("stacks/shop/extra.yml"), "services: {side: {}}", TestContext.Current.CancellationToken);
        var end = await _scene.DeployAsync(Up("include: [extra.yml]\\nservices: {web: {volumes: [{type: volume, source: all, target: /x}]}}\\n"
            + $"volumes: {{all: {{driver_opts: {{type: none, o: bind, device: '{_scene.At("stacks/shop")}'}}}}}}"));
        end.GetProperty("error").GetString()!.ShouldContain("of its service web could rewrite it");
    }

    [Theory]
    [InlineData("all: {external: true}", "all")]
    [InlineData("all: {external: true, name: theirs}", "theirs")]
    [InlineData("all: {name: shop_all}", "shop_all")]
    public async Task A_volume_that_exists_counts_as_the_directory_that_the_engine_says_it_is(string volume, string name)
    {
        HasVolume(name);
        Directory.CreateDirectory(_scene.At("stacks/shop"));
        await File.WriteAllTextAsync(_scene.At("stacks/shop/extra.yml"), "services: {side: {}}", TestContext.Current.CancellationToken);
        var end = await _scene.DeployAsync(Up("include: [extra.yml]\\nservices: {web: {volumes: [{type: volume, source: all, target: /x}]}}\\n"
            + $"volumes: {{{volume}}}"));
        end.GetProperty("error").GetString()!.ShouldContain($"of its service web could rewrite it, because {name} is mounted into them");
    }

    [Fact]
    public async Task A_volume_that_a_container_of_the_project_has_until_now_counts_as_well()
    {
        HasVolume("theirs");
        _scene.Runs("web", "Up 2 minutes", Running, """{"Type":"volume","Name":"theirs","Source":"/var/lib/docker/volumes/theirs/_data","RW":true}""");
        Directory.CreateDirectory(_scene.At("stacks/shop"));
        await File.WriteAllTextAsync(_scene.At("stacks/shop/extra.yml"), "services: {side: {}}", TestContext.Current.CancellationToken);
        var end = await _scene.DeployAsync(Up("include: [extra.yml]\\nservices: {web: {}}"));
        end.GetProperty("error").GetString()!.ShouldContain("its container shop-web-1 can rewrite it, because theirs is mounted into it");
    }

    [Fact]
    public async Task What_a_policy_refuses_that_came_while_images_were_pulled_is_not_started()
    {
        await File.WriteAllTextAsync(_scene.At("hold"), "", TestContext.Current.CancellationToken);
        var request = Up("services: {web: {privileged: true}}");
        await _scene.AskAsync(request[..^1] + ",\"pull_images\":true}");
        await Retry.UntilAsync(
            "images are pulled",
            () => _scene.Text("calls")?.TrimEnd().Split('\n')[^1].Contains(" pull", StringComparison.Ordinal) == true,
            ct: TestContext.Current.CancellationToken);
        _scene.Engine.Set("/info", """{"DockerRootDir":"/var/lib/docker","DefaultRuntime":"runc","CgroupVersion":"2"}""");
        _scene.Policies.Use(Gates.Policy("mode: full\ncreate: { privileged: false }"));
        File.Delete(_scene.At("hold"));
        await _scene.Lanes.WhenIdleAsync().WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        _scene.Ends().Single().GetProperty("error").GetString()!.ShouldContain("service web is privileged");
        _scene.Text("ran").ShouldBeNull();
    }

    private void HasVolume(string name) => _scene.Engine.Set(
        "/volumes",
        $$"""{"Volumes":[{"Name":"{{name}}","Driver":"local","Options":{"type":"none","o":"rbind","device":"{{_scene.At("stacks/shop")}}"} }]}""");

    [Fact]
    public async Task A_file_that_a_container_of_the_project_has_mounted_until_now_is_not_included()
    {
        _scene.Runs("web", "Up 2 minutes", Running, $$"""{"Type":"bind","Source":"{{_scene.At("stacks/shop")}}","Destination":"/proj","RW":true}""");
        Directory.CreateDirectory(_scene.At("stacks/shop"));
        await File.WriteAllTextAsync(_scene.At("stacks/shop/extra.yml"), "services: {side: {}}", TestContext.Current.CancellationToken);
        var end = await _scene.DeployAsync(Up("include: [extra.yml]\\nservices: {web: {}}"));
        end.GetProperty("error").GetString()!.ShouldContain("its container shop-web-1 can rewrite it");
        var down = Up("include: [extra.yml]\\nservices: {web: {}}").Replace("\"d1\"", "\"d2\",\"action\":\"down\"", StringComparison.Ordinal);
        (await _scene.DeployAsync(down)).GetProperty("success").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task A_refused_file_changes_nothing()
    {
        _scene.Runs("web", "Up 2 minutes", Running);
        (await _scene.DeployAsync(Up("services: {web: {}}", "PORT=80", """{"web.env":"A=1"}"""))).GetProperty("success").GetBoolean().ShouldBeTrue();
        var model = _scene.Text("compose/shop/model.yml");
        Directory.CreateDirectory(_scene.At("stacks/shop/conf"));
        await File.WriteAllTextAsync(_scene.At("stacks/shop/conf/own"), "", TestContext.Current.CancellationToken);
        (await _scene.DeployAsync(Up("services: {refuse: {}}", "PORT=81", """{"web.env":"A=2","new.env":"B=1"}""")))
            .GetProperty("success")
            .GetBoolean()
            .ShouldBeFalse();

        Directory.GetFileSystemEntries(_scene.At("stacks"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ShouldBe(
            [.. new[]
            {
                "stacks/shop",
                "stacks/shop/.env",
                "stacks/shop/conf",
                "stacks/shop/conf/own",
                "stacks/shop/docker-compose.yml",
                "stacks/shop/web.env"
            }.Select(_scene.At)]);
        _scene.Text("stacks/shop/.env").ShouldBe("PORT=80");
        _scene.Text("stacks/shop/web.env").ShouldBe("A=1");
        _scene.Text("stacks/shop/docker-compose.yml").ShouldBe("services: {web: {}}");
        _scene.Text("compose/shop/model.yml").ShouldBe(model);
    }

    [Fact]
    public void A_directory_that_a_container_has_filled_is_refused()
    {
        Directory.CreateDirectory(_scene.At("stacks/shop"));
        for (var i = 0; i <= StagedProject.MostEntries; i++)
        {
            File.Create(_scene.At($"stacks/shop/{i}")).Dispose();
        }

        Should.Throw<CommandException>(() => StagedProject.Write(
            new StackFolder(_scene.At("stacks"), "shop"),
            _scene.At("stacks"),
            _scene.At("compose"),
            new Dictionary<string, string> { ["docker-compose.yml"] = "services: {web: {env_file: $STAGE.env}}" }))
            .Message.ShouldContain("more than 10000 files");
        Directory.GetDirectories(_scene.At("stacks")).ShouldBe([_scene.At("stacks/shop")]);
        Directory.GetDirectories(_scene.At("compose")).ShouldBeEmpty();
    }

    [Fact]
    public void Files_that_cannot_all_be_replaced_are_as_they_were()
    {
        var stack = new StackFolder(_scene.At("stacks"), "shop");
        stack.Replace(new Dictionary<string, string> { [".env"] = "old", ["docker-compose.yml"] = "old", ["empty.env"] = "" }, () => { });
        Directory.CreateDirectory(Path.Combine(stack.Path, "z.env"));
        var files = new Dictionary<string, string> { ["docker-compose.yml"] = "new", ["empty.env"] = "new", ["new.env"] = "new", ["z.env"] = "new" };
        Should.Throw<Exception>(() => stack.Replace(files, () => { }));
        _scene.Text("stacks/shop/.env").ShouldBe("old");
        _scene.Text("stacks/shop/docker-compose.yml").ShouldBe("old");
        _scene.Text("stacks/shop/empty.env").ShouldBe("");
        File.Exists(_scene.At("stacks/shop/new.env")).ShouldBeFalse();

        Should.Throw<IOException>(() => new StackFolder(_scene.At("stacks"), "other").Replace(
            new Dictionary<string, string> { ["docker-compose.yml"] = "x" },
            () => throw new IOException()));
        Directory.Exists(_scene.At("stacks/other")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_down_has_every_profile_and_an_up_those_of_its_request()
    {
        _scene.Runs("web", "Up 2 minutes", Running);
        await _scene.DeployAsync(Up("services: {web: {}, debug: {profiles: [debug]}}"));
        _scene.Text("calls")!.Split('\n').Single(call => call.EndsWith("up -d", StringComparison.Ordinal)).ShouldNotContain("--profile");
        await _scene.DeployAsync("""{"deployment_id":"d2","project_name":"shop","action":"down","remove_volumes":true}""");
        _scene.Text("calls")!.TrimEnd().ShouldEndWith("--profile debug down --volumes");
    }

    [Fact]
    public async Task A_project_whose_model_is_lost_is_taken_from_the_request_or_the_error_says_so()
    {
        const string Down = """{"deployment_id":"d1","project_name":"shop","action":"down"}""";
        (await _scene.DeployAsync(Down)).GetProperty("error").GetString()!.ShouldContain("was never deployed by this agent");
        (await _scene.DeployAsync("""{"deployment_id":"d1","project_name":"shop","action":"down","compose_content":"services: {web: {}}"}"""))
            .GetProperty("success")
            .GetBoolean()
            .ShouldBeTrue();
    }

    [Fact]
    public async Task Services_are_told_of_as_Docker_does()
    {
        _scene.Runs(
            "web",
            "Up 2 minutes (unhealthy)",
            """{"Status":"running","Running":true,"StartedAt":"2026-01-01T00:00:00Z","Health":{"Status":"unhealthy"}}""");
        var deploying = _scene.DeployAsync(Up("services: {web: {}}"));
        await AdvanceAsync(deploying);
        (await deploying).GetProperty("services").GetProperty("web").GetRawText().ShouldBe(
            """{"container_id":"aaaaaaaaaaaa","container_name":"shop-web-1","image":"app:1","status":"Up 2 minutes """
            + """(unhealthy)","error":"unhealthy","restart_policy":"always"}""");

        _scene.Runs("web", "Exited (3) 2 seconds ago", """{"Status":"exited","ExitCode":3}""");
        deploying = _scene.DeployAsync(Up("services: {web: {}}"));
        await AdvanceAsync(deploying);
        var web = (await deploying).GetProperty("services").GetProperty("web");
        (web.GetProperty("error").GetString(), web.GetProperty("exit_code").GetInt32()).ShouldBe(("exited with 3", 3));
    }

    [Fact]
    public async Task What_runs_on_unchanged_is_not_watched_for_a_while()
    {
        _scene.Runs("web", "Up 2 minutes", Running);
        // The clock stands still: a wait would never end.
        (await _scene.DeployAsync(Up("services: {web: {}}"))).GetProperty("success").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Passwords_and_candidates_that_a_killed_deployment_left_are_gone_after_the_next_start()
    {
        var left = RegistryConfig.Write(_scene.Data, [new() { RegistryUrl = "r:5000", Username = "me", Password = "p" }], NullLogger.Instance)
            .ShouldNotBeNull();
        var candidate = StagedProject.Write(
            new StackFolder(_scene.At("stacks"), "shop"),
            _scene.At("stacks"),
            _scene.At("compose"),
            new Dictionary<string, string> { ["docker-compose.yml"] = "x" });
        Directory.CreateDirectory(_scene.At("stacks/.candidate-of-an-earlier-version"));
        await _scene.RestartAsync(TestContext.Current.CancellationToken);
        Directory.Exists(left.Folder).ShouldBeFalse();
        Directory.Exists(candidate.Path).ShouldBeFalse();
        Directory.GetDirectories(_scene.At("compose")).ShouldBeEmpty();
        Directory.GetDirectories(_scene.At("stacks")).ShouldBeEmpty();
    }

    [Fact]
    public void A_disk_that_fills_while_passwords_are_written_has_none_of_them()
    {
        var error = Should.Throw<CommandException>(() => RegistryConfig.Write(
            _scene.Data,
            [new() { RegistryUrl = "r:5000", Username = "me", Password = "p" }],
            NullLogger.Instance,
            (file, content) =>
            {
                file.Write(content.AsSpan(0, 10));
                throw new IOException("No space left on device", 28);
            }));
        error.Message.ShouldContain("the disk is full");
        Directory.GetFileSystemEntries(RegistryConfig.Root(_scene.Data)).ShouldBeEmpty();
    }

    private async Task AdvanceAsync(Task deploying) => await Retry.UntilAsync("it has settled", () =>
    {
        _scene.Time.Advance(TimeSpan.FromMilliseconds(500));
        return deploying.IsCompleted;
    }, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

    internal static string Up(string compose, string variables = "", string envFiles = "{}") =>
        $$"""{"deployment_id":"d1","project_name":"shop","compose_content":"{{compose}}","env_file_content":"{{variables}}","env_files":{{envFiles}}}""";
}
