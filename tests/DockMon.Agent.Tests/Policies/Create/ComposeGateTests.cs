using System.Text.Json;
using DockMon.Agent.Policies.Reading;
using DockMon.Agent.Tests.Compose.Deploy;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies.Create;

/// <summary>Deployments under create rules: what compose may read, and what it may start.</summary>
public sealed class ComposeGateTests : IAsyncDisposable
{
    private const string Rules = "create: { privileged: false, host_paths: { allow: [/opt/files] } }";
    private const string Running = """{"Status":"running","Running":true,"StartedAt":"2026-01-01T00:00:00Z"}""";

    private readonly ComposeScene _scene = new();

    public ComposeGateTests()
    {
        _scene.Engine.Set("/info", """{"DockerRootDir":"/var/lib/docker"}""");
        _scene.Engine.Set("/containers/json?all=1", "[]");
        _scene.Engine.Set("/volumes", "{}");
        Use(Rules);
    }

    public ValueTask DisposeAsync() => _scene.DisposeAsync();

    [Theory]
    [InlineData("services: {web: {env_file: /etc/passwd}}", "reads /etc/passwd (create.host_paths.allow)")]
    [InlineData("services: {web: {label_file: [/etc/passwd]}}", "reads /etc/passwd (create.host_paths.allow)")]
    [InlineData("x-a: &a {env_file: /etc/passwd}\nservices: {web: {<<: *a}}", "reads /etc/passwd (create.host_paths.allow)")]
    [InlineData("services: {web: {}}\n---\nservices: {web: {env_file: /etc/passwd}}", "reads /etc/passwd (create.host_paths.allow)")]
    [InlineData("services: {web: {env_file: '${X}'}}", "where the file is named by a variable or leads out of every directory (create.host_paths)")]
    [InlineData("services: {web: {env_file: a/../../../../../../../../../../../../../etc/passwd}}", "leads out of every directory (create.host_paths)")]
    [InlineData("services: {web: {env_file: !!binary L2V0Yy9wYXNzd2Q=}}", "the compose file: it has the tag tag:yaml.org,2002:binary (create.host_paths)")]
    [InlineData("services: {web: {? &a env_file : /etc/passwd, *a : x}}", "the compose file: it cannot be read")]
    [InlineData("services: {web: {extends: {file: /etc/x.yml, service: a}}}", "includes /etc/x.yml, which is no file of its directory")]
    [InlineData("x-e: &e {file: /etc/x.yml}\nservices: {web: {extends: {<<: *e}}}", "includes /etc/x.yml, which is no file of its directory")]
    [InlineData("include: [/etc/x.yml]\nservices: {}", "includes /etc/x.yml, which is no file of its directory")]
    [InlineData("x-i: &i {include: [/etc/x.yml]}\n<<: *i\nservices: {}", "includes /etc/x.yml, which is no file of its directory")]
    [InlineData("include: ['https://example.com/a.git']\nservices: {}", "which is no file of its directory")]
    [InlineData("include: ['oci://example.com/a:1']\nservices: {}", "which is no file of its directory")]
    [InlineData("include: [github.com/a/b.git]\nservices: {}", "which is no file of its directory")]
    [InlineData("include: [../other/x.yml]\nservices: {}", "which is no file of its directory")]
    [InlineData("include: [{path: inc.yml, env_file: /etc/passwd}]\nservices: {}", "reads /etc/passwd, which is not in its directory")]
    [InlineData("include: [{path: inc.yml, project_directory: /etc}]\nservices: {}", "reads /etc/passwd")]
    public async Task What_compose_would_read_is_judged_before_it_does(string compose, string refusal)
    {
        var end = await _scene.DeployAsync(Up(compose, """{"inc.yml":"services: {side: {env_file: passwd}}"}"""));
        end.GetProperty("success").GetBoolean().ShouldBeFalse();
        end.GetProperty("error").GetString()!.ShouldContain(refusal);
        _scene.Text("calls").ShouldBeNull();
        _scene.Text("compose/shop/model.yml").ShouldBeNull();
    }

    [Fact]
    public async Task What_is_in_the_projects_directory_or_allowed_may_be_read()
    {
        _scene.Runs("web", "Up 2 minutes", Running);
        const string Compose = "include: [inc.yml]\nservices: {web: {env_file: [.env, web.env, ./deep/../web.env, /opt/files/web.env], build: '${WHERE}'}}";
        var end = await _scene.DeployAsync(Up(Compose, """{"inc.yml":"services: {side: {env_file: web.env}}","web.env":"A=1"}"""));
        // The compose of this scene leaves what it has read in the model, and the variable.
        end.GetProperty("error").GetString()!.ShouldContain("project shop has the setting include, which this version of the agent does not know");
        _scene.Text("calls")!.Trim().ShouldEndWith("config");
    }

    [Fact]
    public async Task A_model_that_the_policy_refuses_is_neither_kept_nor_started_and_all_is_told()
    {
        _scene.Engine.Set("/volumes/theirs", """{"Name":"theirs","Driver":"local","Options":{"o":"bind","device":"/etc"}}""");
        var end = await _scene.DeployAsync(Up(
            "services: {web: {volumes: [/var/run/docker.sock:/s, theirs:/x]}, db: {privileged: true}}\nvolumes: {theirs: {external: true, name: theirs}}"));
        end.GetProperty("error").GetString().ShouldBe("refused by this host's policy: service web mounts /var/run/docker.sock; service web mounts /etc "
            + "(by volume theirs); service db is privileged (create.host_paths.allow, create.privileged)");
        _scene.Text("ran").ShouldBeNull();
        _scene.Text("compose/shop/model.yml").ShouldBeNull();
        Directory.Exists(_scene.At("stacks/shop")).ShouldBeFalse();
    }

    [Fact]
    public async Task What_was_accepted_before_is_judged_again_when_it_is_restarted_and_can_be_taken_down()
    {
        Use("deny: [shell]");
        _scene.Runs("web", "Up 2 minutes", Running);
        (await _scene.DeployAsync(Up("services: {web: {privileged: true}}"))).GetProperty("success").GetBoolean().ShouldBeTrue();
        Use(Rules);
        (await _scene.DeployAsync("""{"deployment_id":"d2","project_name":"shop","action":"restart"}""")).GetProperty("error").GetString()
            .ShouldBe("refused by this host's policy: service web is privileged (create.privileged)");
        (await _scene.DeployAsync("""{"deployment_id":"d3","project_name":"shop","action":"down"}""")).GetProperty("success").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task A_container_that_may_write_to_the_projects_directory_lends_no_links_to_others()
    {
        var data = _scene.At("stacks/shop/data");
        var end = await _scene.DeployAsync(Up($"services: {{one: {{volumes: ['{data}:/x']}}, two: {{volumes: ['{data}/deep:/x']}}}}"));
        end.GetProperty("error").GetString().ShouldBe(
            $"refused by this host's policy: service two mounts {data}/deep, which lies in {data}, where service one could put a link (create.host_paths)");
    }

    [Theory]
    [InlineData("volumes: {data: {driver_opts: {type: none, o: bind, device: DIR}}}", "data", "{}")]
    [InlineData("volumes: {data: {external: true, name: theirs}}", "data", """{"Name":"theirs","Options":{"o":"bind","device":"DIR"}}""")]
    [InlineData("volumes: {data: {}}", "data", """{"Name":"shop_data","Options":{"o":"bind","device":"DIR"}}""")]
    public async Task A_volume_that_is_the_projects_directory_lends_no_links_either(string volumes, string name, string existing)
    {
        var folder = _scene.At("stacks/shop");
        _scene.Engine.Set(existing.Contains("theirs", StringComparison.Ordinal) ? "/volumes/theirs" : "/volumes/shop_data",
            existing.Replace("DIR", folder, StringComparison.Ordinal), existing == "{}" ? 404 : 200);
        var end = await _scene.DeployAsync(Up($"services: {{one: {{volumes: ['{name}:/x']}}, two: {{volumes: ['{folder}/sub:/x']}}}}\n"
            + volumes.Replace("DIR", folder, StringComparison.Ordinal)));
        end.GetProperty("error").GetString()!.ShouldContain(
            $"service two mounts {folder}/sub, which lies in {folder}, where service one could put a link (create.host_paths)");
        _scene.Text("ran").ShouldBeNull();
    }

    [Theory]
    [InlineData("{name: victim}", """{"Name":"victim"}""", "the volume victim, which was not made for it")]
    [InlineData("{name: victim}", """{"Name":"victim","Labels":{"com.docker.compose.project":"other"}}""", "the volume victim, which was not made for it")]
    [InlineData("{name: victim}", """{"Name":"victim","Labels":{"com.docker.compose.project":"shop"}}""", null)]
    [InlineData("{name: gone}", "{}", null)]
    [InlineData("{name: victim, external: true}", """{"Name":"victim"}""", null)]
    public async Task A_volume_that_was_not_made_for_the_project_is_not_removed_with_it(string volume, string existing, string? refusal)
    {
        Use("deny: [shell]");
        _scene.Engine.Set("/volumes/victim", existing);
        var down = Up($"services: {{}}\nvolumes: {{vol: {volume}}}")
            .Replace("\"d1\"", "\"d1\",\"action\":\"down\",\"remove_volumes\":true", StringComparison.Ordinal);
        var end = await _scene.DeployAsync(down);
        end.GetProperty("success").GetBoolean().ShouldBe(refusal is null, end.ToString());
        if (refusal is not null)
        {
            end.GetProperty("error").GetString()!.ShouldContain(refusal);
            _scene.Text("calls")!.Trim().ShouldEndWith("config");
        }
    }

    private void Use(string policy) => _scene.Policies.Use(PolicyReader.Read("mode: full\n" + policy, "test").Policy.ShouldNotBeNull());

    private static string Up(string compose, string files = "{}") =>
        $$"""{"deployment_id":"d1","project_name":"shop","compose_content":{{JsonSerializer.Serialize(compose)}},"env_files":{{files}}}""";
}
