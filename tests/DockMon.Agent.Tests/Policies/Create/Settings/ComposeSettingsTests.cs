using DockMon.Agent.Policies.Create;
using DockMon.Agent.Policies.Create.Settings;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Policies.Create.Settings;

public sealed class ComposeSettingsTests
{
    [Theory]
    [InlineData("privileged: true", "privileged")]
    [InlineData("privileged: false", "")]
    [InlineData("network_mode: host", "host network namespace")]
    [InlineData("network_mode: service:db", "")]
    [InlineData("pid: host", "host process namespace")]
    [InlineData("ipc: host", "host IPC namespace")]
    [InlineData("uts: host", "host UTS namespace")]
    [InlineData("cgroup: host", "host cgroup namespace")]
    [InlineData("userns_mode: host", "host user namespace")]
    [InlineData("networks: {outside: null}", "host network namespace")]
    [InlineData("networks: [outside]", "host network namespace")]
    [InlineData("networks: {own: {aliases: [a]}}", "host network namespace")]
    [InlineData("volumes: [{type: bind, source: /etc, target: /x}]", "host path /etc")]
    [InlineData("volumes: ['/etc:/x:ro']", "host path /etc")]
    [InlineData("volumes: [{type: volume, source: plain, target: /x}, {type: tmpfs, target: /y}, /only/inside]", "")]
    [InlineData("volumes: [{type: volume, source: hostly, target: /x}]", "host path /etc")]
    [InlineData("volumes: ['hostly:/x']", "host path /etc")]
    [InlineData("volumes: [{type: npipe, source: a, target: b}]", "unknown setting volume of type npipe")]
    [InlineData("configs: [{source: file, target: /x}]", "host path /etc/passwd")]
    [InlineData("configs: [text]", "")]
    [InlineData("secrets: [{source: file}]", "host path /etc/shadow")]
    [InlineData("secrets: [variable]", "")]
    [InlineData("cap_add: [SYS_ADMIN]", "capability SYS_ADMIN")]
    [InlineData("devices: [{source: /dev/sda, target: /dev/sda, permissions: rwm}]", "device /dev/sda")]
    [InlineData("devices: ['/dev/sda:/dev/xvda:r', 'vendor.com/disk=all']", "device /dev/sda|device vendor.com/disk=all")]
    [InlineData("device_cgroup_rules: ['c 1:3 mr']", "device rule c 1:3 mr")]
    [InlineData("gpus: [{count: -1}]", "device gpu")]
    [InlineData("gpus: all", "device gpu")]
    [InlineData("deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}", "device gpu")]
    [InlineData("deploy: {resources: {reservations: {devices: [{driver: cdi, device_ids: [a.b/c=d]}]}}}", "device a.b/c=d")]
    [InlineData("deploy: {replicas: 2, resources: {limits: {cpus: '1'}}}", "")]
    [InlineData("security_opt: [seccomp=unconfined, 'no-new-privileges:true']", "seccomp=unconfined")]
    [InlineData("runtime: other", "runtime=other")]
    [InlineData("annotations: {a: b}", "annotation a")]
    [InlineData("credential_spec: {file: x}", "credential_spec")]
    [InlineData("logging: {driver: syslog, options: {syslog-address: 'unix:///dev/log'}}", "host path /dev/log")]
    [InlineData("use_api_socket: true", "host path /var/run/docker.sock")]
    [InlineData("env_file: [/etc/passwd]", "host file /etc/passwd")]
    [InlineData("env_file: [{path: /etc/passwd}]", "host file /etc/passwd")]
    [InlineData("label_file: /etc/passwd", "host file /etc/passwd")]
    [InlineData("extends: {file: /etc/x.yml, service: a}", "host file /etc/x.yml")]
    [InlineData("extends: {service: db}", "")]
    [InlineData("post_start: [{command: x, privileged: true}]", "privileged")]
    [InlineData("pre_stop: [{command: x}, {command: y, privileged: true}]", "privileged")]
    [InlineData("provider: {type: awesome}", "program of the host the provider awesome")]
    [InlineData("models: [llm]", "program of the host docker model")]
    [InlineData("build: {context: /srv/shop, dockerfile: Dockerfile}", "image built on the host|host file /srv/shop|host file /srv/shop/Dockerfile")]
    [InlineData("build: /srv/shop", "image built on the host|host file /srv/shop")]
    [InlineData("build: {context: 'https://example.com/a.git#main', dockerfile: ../x}", "image built on the host")]
    [InlineData("build: {context: /a, dockerfile: /etc/x}", "image built on the host|host file /a|host file /etc/x")]
    [InlineData("build: {additional_contexts: {a: /etc, b: 'docker-image://x', d: 'service:db'}}", "image built on the host|host file /etc")]
    [InlineData("build: {additional_contexts: {c: 'oci-layout:///srv/o'}}", "image built on the host|host file /srv/o")]
    [InlineData("build: {additional_contexts: [a=/etc]}", "image built on the host|host file /etc")]
    [InlineData("build: {privileged: true}", "image built on the host|privileged")]
    [InlineData("build: {entitlements: [security.insecure, network.host]}", "image built on the host|privileged|host network namespace")]
    [InlineData("build: {entitlements: [else]}", "image built on the host|unknown setting build.entitlements else")]
    [InlineData("build: {network: host}", "image built on the host|host network namespace")]
    [InlineData("build: {cache_from: ['type=local,src=/etc', 'app:1']}", "image built on the host|host file /etc")]
    [InlineData("build: {cache_to: ['type=local,dest=/opt']}", "image built on the host|host file /opt")]
    [InlineData("build: {ssh: [default, 'a=/root/.ssh/id']}", "image built on the host|host file /root/.ssh/id")]
    [InlineData("build: {secrets: [{source: file}]}", "image built on the host|host path /etc/shadow")]
    [InlineData("build: {later: 1}", "image built on the host|unknown setting build.later")]
    [InlineData("what_comes_later: {a: 1}", "unknown setting what_comes_later")]
    [InlineData("x-mine: {privileged: true}", "")]
    [InlineData("command: ['a$$b']", "")]
    [InlineData("command: ['$HOME']", "unknown setting (a variable that compose has not replaced)")]
    [InlineData("volumes: [{type: bind, source: '/srv/$$a', target: /x}]", "host path /srv/$a")]
    [InlineData("command: null", "")]
    [InlineData("ports: [{target: 80}], sysctls: {a: '1'}, group_add: ['0'], develop: {watch: []}, healthcheck: {test: [CMD, x]}, labels: {a: b}", "")]
    public void Every_setting_that_gives_more_of_the_host_is_found(string service, string expected)
    {
        var all = ComposeSettings.Read(
            $$$"""
            name: shop
            services:
              web: { image: 'app:1', {{{service}}} }
              db: { image: 'db:1' }
            networks:
              outside: { name: host, external: true }
              own: { name: shop_own, driver: host }
            volumes:
              plain: { name: shop_plain }
              hostly: { name: shop_hostly, driver: local, driver_opts: { type: none, o: bind, device: /etc } }
            configs: { file: { file: /etc/passwd }, text: { content: x } }
            secrets: { file: { file: /etc/shadow }, variable: { environment: X } }
            x-more: { a: 1 }
            """,
            "shop").ToList();
        all.Select(settings => settings.Subject).ShouldBe(["project shop", "service web", "service db"]);
        string.Join('|', all[1].Dangers).ShouldBe(expected);
        all[0].Dangers.Concat(all[2].Dangers).ShouldBeEmpty();
        all[1].Images.ShouldBe(["app:1"]);
    }

    [Fact]
    public void Names_on_the_engine_are_those_that_compose_gives()
    {
        var web = ComposeSettings.Read(
            """
            services:
              web:
                networks: { a: null, b: null }
                volumes: [{ type: volume, source: c }, { type: volume, source: d }, 'e:/x', { type: image, source: 'tools:1' }]
                volumes_from: [db, 'container:other:ro']
                pid: container:third
              db: {}
            networks: { a: { name: mine }, b: { external: true } }
            volumes: { c: { name: theirs, external: true }, d: null, e: { external: { name: old } } }
            """,
            "shop").Single(settings => settings.Subject == "service web");
        web.References.Select(reference => $"{reference.Kind} {reference.Name}").ShouldBe(
        [
            "Network mine", "Network b", "Volume theirs", "Volume shop_d", "Volume old", "Mounts other", "ProcessNamespace third",
        ]);
        web.Images.ShouldBe(["tools:1"]);
    }

    [Theory]
    [InlineData("services: [")]
    [InlineData("just text")]
    [InlineData("services: {}\n---\nservices: {}")]
    public void A_model_that_cannot_be_read_is_one_that_nobody_knows(string model) =>
        ComposeSettings.Read(model, "shop").ShouldHaveSingleItem().Dangers.ShouldHaveSingleItem().Kind.ShouldBe(DangerKind.Unknown);

    [Fact]
    public void Keys_of_the_project_that_are_not_known_are_dangers() => ComposeSettings.Read("services: {}\nlater: 1\nmodels: {a: {}}", "shop")
        .ShouldHaveSingleItem().Dangers.Select(danger => danger.ToString()).ShouldBe(["unknown setting later", "program of the host docker model"]);

    [Fact]
    public void Of_a_project_that_is_taken_down_only_what_compose_runs_counts() => string.Join('|', ComposeSettings.Read(
        "services: {web: {privileged: true, later: 1, pre_stop: [{privileged: true}]}, db: {volumes: ['/etc:/x']}}\nlater: 1",
        "shop",
        programsOnly: true).SelectMany(settings => settings.Dangers.Select(danger => $"{settings.Subject} {danger.Describe()}")))
        .ShouldBe("service web is privileged (by pre_stop)");
}
