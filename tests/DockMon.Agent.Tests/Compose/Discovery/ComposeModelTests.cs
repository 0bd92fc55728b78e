using DockMon.Agent.Compose.Discovery;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Compose.Discovery;

public sealed class ComposeModelTests
{
    [Theory]
    [InlineData("name: shop", "shop")]
    [InlineData("name: ${NAME}", null)]
    [InlineData("name: shop-$STAGE", null)]
    [InlineData("name: ''", null)]
    [InlineData("name: [a]", null)]
    [InlineData("services: {}", null)]
    public void A_projects_name_is_the_files_own_unless_a_variable_is_in_it(string text, string? name) => ComposeModel.Read(text).Name.ShouldBe(name);

    [Theory]
    [InlineData("env_file: a.env", "a.env")]
    [InlineData("env_file: [a.env, b.env]", "a.env b.env")]
    [InlineData("env_file: [{path: a.env, required: false}, b.env]", "a.env b.env")]
    [InlineData("env_file: [{required: false}]", "")]
    [InlineData("env_file: {path: a.env}", "")]
    [InlineData("env_file:", "")]
    [InlineData("image: x", "")]
    public void Env_files_are_read_in_each_form_that_compose_has(string service, string files) =>
        string.Join(' ', Service(service).EnvFiles.Where(file => file.Length > 0)).ShouldBe(files);

    [Theory]
    [InlineData("image: x", 1)]
    [InlineData("scale: 3", 3)]
    [InlineData("deploy: {replicas: 2}", 2)]
    [InlineData("scale: 0", 0)]
    [InlineData("{scale: 4, deploy: {replicas: 2}}", 4)]
    [InlineData("scale: many", 1)]
    [InlineData("deploy: []", 1)]
    public void Replicas_are_one_unless_the_file_says_otherwise(string service, int replicas) => Service(service).Replicas.ShouldBe(replicas);

    [Theory]
    [InlineData("profiles: [a, b]", "a b")]
    [InlineData("profiles: a", "a")]
    [InlineData("profiles: []", "")]
    [InlineData("image: x", "")]
    public void Profiles_are_a_list(string service, string profiles) => string.Join(' ', Service(service).Profiles).ShouldBe(profiles);

    [Theory]
    [InlineData("services:")]
    [InlineData("services: [web]")]
    [InlineData("services: web")]
    [InlineData("- services")]
    [InlineData("services: {web: {}")]
    [InlineData("services: {web: {}, web: {}}")]
    [InlineData("\t")]
    [InlineData("&a [*a]")]
    [InlineData("%YAML 9.9")]
    [InlineData("...\r\u0010...,")]
    [InlineData("\n? [ \u0010<\n? \"IMG$")]
    public void A_file_that_is_no_compose_file_has_no_services(string text) => ComposeModel.Read(text).Services.ShouldBeEmpty();

    [Fact]
    public void Services_keep_their_order_and_only_the_first_document_counts() =>
        ComposeModel.Read("services: {z: {}, a: , m: {image: x}}\n---\nservices: {other: {}}\n").Services
            .Select(service => service.Name)
            .ShouldBe(["z", "a", "m"]);

    [Theory]
    [InlineData("docker-compose.yml", true)]
    [InlineData("docker-compose.yaml", true)]
    [InlineData("compose.yml", true)]
    [InlineData("compose.yaml", true)]
    [InlineData("compose.json", false)]
    [InlineData("Compose.yml", false)]
    [InlineData("docker-compose.override.yml", false)]
    [InlineData("", false)]
    public void Four_names_are_those_of_compose_files(string name, bool isOne) => ComposeNames.IsComposeFile(name).ShouldBe(isOne);

    [Theory]
    [InlineData("/opt/stacks/shop", false)]
    [InlineData("/", false)]
    [InlineData("/home/me/.config/shop", true)]
    [InlineData("/opt/node_modules/x", true)]
    [InlineData("/opt/x/venv", true)]
    [InlineData("/proc/1/root", true)]
    [InlineData("/etc", true)]
    [InlineData("/opt/etc", false)]
    [InlineData("/usr/lib/x", true)]
    [InlineData("/usr/local/lib", false)]
    [InlineData("/process", false)]
    public void Directories_of_the_system_and_of_tools_are_never_entered(string path, bool forbidden) => ComposeNames.IsForbidden(path).ShouldBe(forbidden);

    private static ComposeService Service(string yaml) =>
        ComposeModel.Read("services:\n  web:" + (yaml.StartsWith('{') ? " " + yaml : "\n    " + yaml)).Services.Single();
}
