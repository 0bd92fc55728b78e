using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DockMon.Testing;

namespace DockMon.Integration.Tests;

/// <summary>What became of the settings on one engine.</summary>
internal sealed record FidelityResult(int Compared, IReadOnlyCollection<string> Refused, IReadOnlyCollection<string> Differences, IReadOnlyList<string> Errors);

/// <summary>Sets every setting on a container of its own, has all of them updated, and compares.</summary>
internal static class FidelityRun
{
    /// <summary>Options of <c>docker run</c>, then, after <c>--</c>, the command. NET, PEER, VOL, SUBNET stand for what the run makes.</summary>
    public static readonly IReadOnlyList<string> Settings =
    [
        "", "-e A=1 -e APP_VERSION=mine", "--label mine=x --label image.version=9", "--hostname my-host", "--domainname example.org",
        "--user 1000:1000", "--workdir /w",
        "--entrypoint /bin/sleep -- 36100", "-- sleep 36101", "--entrypoint '' -- sleep 36103", "--entrypoint /bin/sh -- -c 'exec sleep 36102'",
        "--restart always", "--restart unless-stopped", "--restart on-failure:3",
        "--memory 64m", "--memory-reservation 32m", "--memory 64m --memory-swap 128m", "--cpus 0.5", "--cpu-shares 512", "--cpuset-cpus 0",
        "--cpu-period 50000 --cpu-quota 25000",
        "--pids-limit 100", "--oom-score-adj 100", "--blkio-weight 300", "--memory 64m --memory-swappiness 10", "--memory 64m --oom-kill-disable",
        "--cap-add NET_ADMIN", "--cap-drop ALL", "--privileged", "--device /dev/null:/dev/mine:r", "--device-cgroup-rule 'c 1:3 rwm'",
        "--security-opt no-new-privileges", "--group-add 1234",
        "--ulimit nofile=512:1024", "--sysctl net.ipv4.ip_unprivileged_port_start=80", "--shm-size 32m", "--tmpfs /scratch:size=1m", "--read-only",
        "--init", "--runtime runc", "--cgroupns private",
        "--log-driver none", "--log-opt max-size=1m --log-opt max-file=2", "--dns 10.0.0.53", "--dns-search example.org", "--dns-option ndots:2",
        "--add-host db:10.0.0.1",
        "-p 127.0.0.1::81", "-P", "--expose 99", "-v /tmp:/host:ro", "-v VOL:/named", "-v /extra", "-v /slash/",
        "--mount type=bind,source=/tmp,target=/m,readonly", "--mount type=tmpfs,target=/t,tmpfs-size=1048576",
        "--mount type=volume,target=/anonymous2", "--mount type=volume,source=VOL,target=/v,readonly", "--volumes-from PEER",
        "--network host", "--network none", "--network container:PEER", "--network NET",
        "--network NET --ip SUBNET.78 --network-alias twelve-chars --network-alias a", "--link PEER:database",
        "--pid host", "--ipc host", "--ipc shareable", "--uts host", "--cgroup-parent /dockmon-fidelity", "--stop-signal SIGINT", "--stop-timeout 3",
        "--health-cmd true --health-interval 1s", "--no-healthcheck", "--rm", "-t", "-i", "--mac-address 02:00:00:00:78:78",
    ];

    /// <summary>The settings whose containers are recorded, and under which name.</summary>
    private static readonly Dictionary<string, string> Recorded = new(StringComparer.Ordinal)
    {
        [""] = "nothing-set", ["-e A=1 -e APP_VERSION=mine"] = "variables", ["--entrypoint /bin/sleep -- 36100"] = "entrypoint-and-command",
        ["-- sleep 36101"] = "command",
        ["--hostname my-host"] = "host-name", ["--cpus 0.5"] = "cpus", ["-v /extra"] = "anonymous-volume",
        ["--mount type=volume,target=/anonymous2"] = "anonymous-mount",
        ["-p 127.0.0.1::81"] = "published-port", ["--network host"] = "host-network", ["--network container:PEER"] = "shared-network",
        ["--uts host"] = "host-uts", ["--rm"] = "rm",
        ["--network NET --ip SUBNET.78 --network-alias twelve-chars --network-alias a"] = "static-address", ["--stop-signal SIGINT"] = "stop-signal",
        ["--no-healthcheck"] = "no-health-check",
        ["--mac-address 02:00:00:00:78:78"] = "mac-address", ["--link PEER:database"] = "link",
    };

    /// <summary>What cannot be shown with Podman here, and why.</summary>
    private static readonly Dictionary<string, string> PodmanCannot = new(StringComparer.Ordinal)
    {
        ["--health-cmd true --health-interval 1s"] = "Podman has health checks run by systemd, which is not here",
        ["-P"] = "Podman shows the ports it chose as if they had been asked for",
        ["-p 127.0.0.1::81"] = "Podman shows the port it chose as if it had been asked for",
    };

    public static async Task<FidelityResult> RunAsync(string engine, DockerCli docker, bool podman, CancellationToken ct)
    {
        await using var registry = await LocalRegistry.StartAsync(ct);
        await using var stage = await StageAsync(engine, docker, registry, ct);
        await stage.MakeAsync(ct);
        await using var installation = await Installation.StartAsync(ct, docker.Host);

        var made = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        var refused = new ConcurrentBag<string>();
        var someAtOnce = new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = ct };
        await Parallel.ForEachAsync(Enumerable.Range(0, Settings.Count), someAtOnce, async (i, _) =>
        {
            if (podman && PodmanCannot.TryGetValue(Settings[i], out var why))
            {
                refused.Add($"{Settings[i]}: {why}");
                return;
            }

            var (code, _, error) = await docker.TryRunAsync(["run", "-d", "--name", stage.Name(i), .. stage.Arguments(Settings[i], stage.Old)], ct);
            if (code == 0)
            {
                made[stage.Name(i)] = Settings[i];
                await RecordAsync(stage, i, ct);
            }
            else
            {
                refused.Add($"{Settings[i]}: {error.Split('\n')[0]}");
            }
        });

        foreach (var name in made.Keys)
        {
            await installation.CommandAsync(
                "update_container",
                ct,
                new() { ["container_id"] = name, ["new_image"] = stage.New, ["stop_timeout"] = 1, ["health_timeout"] = 60 });
        }

        var journals = Path.Combine(installation.AgentData, "updates");
        try
        {
            await Retry.UntilAsync(
                "all updates have ended",
                () => Directory.GetFiles(journals).Length == 0
                    && installation.Agent.Lines.Count(line => line.Contains("Updating ", StringComparison.Ordinal)) == made.Count,
                TimeSpan.FromMinutes(8),
                ct);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException(
                $"{e.Message} Of {made.Count} have begun "
                + $"{installation.Agent.Lines.Count(line => line.Contains("Updating ", StringComparison.Ordinal))}; not ended: "
                + $"{string.Join(' ', Directory.GetFiles(journals).Select(File.ReadAllText))}{Environment.NewLine}{installation.Agent.Tail(40)}",
                e);
        }

        var differences = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(made, someAtOnce, async (one, _) =>
        {
            var (name, setting) = one;
            var updated = await stage.InspectAsync(name, ct);
            var expected = name + "-expected";
            await docker.RunAsync(["create", "--name", expected, .. stage.Arguments(setting, stage.New)], ct);
            foreach (var difference in Fidelity.Differences(updated, await stage.InspectAsync(expected, ct)))
            {
                differences.Add($"[{setting}] {difference}");
            }

            if (updated["State"]!["Status"]!.GetValue<string>() != "running")
            {
                differences.Add($"[{setting}] it does not run: {updated["State"]!.ToJsonString()}");
            }

            await docker.RunAsync(["rm", "-v", expected], ct);
        });

        return new FidelityResult(made.Count, [.. refused], [.. differences], [.. installation.Agent.Lines.Where(line => line.Contains(
            " ERR ",
            StringComparison.Ordinal) || line.Contains("The update of", StringComparison.Ordinal))]);
    }

    /// <summary>Where <c>DOCKMON_RECORD</c> names a folder: keeps what the engine says of a container there, for the planner's tests.</summary>
    private static async Task RecordAsync(Stage stage, int number, CancellationToken ct)
    {
        if (Environment.GetEnvironmentVariable("DOCKMON_RECORD") is { Length: > 0 } folder && Recorded.TryGetValue(Settings[number], out var name))
        {
            var target = Directory.CreateDirectory(Path.Combine(folder, stage.Engine)).FullName;
            await File.WriteAllTextAsync(Path.Combine(target, name + ".container.json"), Indented(await stage.InspectAsync(stage.Name(number), ct)), ct);
            await File.WriteAllTextAsync(Path.Combine(target, "image.json"), Indented(await stage.InspectAsync(stage.Old, ct)), ct);
        }
    }

    private static string Indented(JsonObject json) =>
        json.ToJsonString(new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n";

    private static async Task<Stage> StageAsync(string engine, DockerCli docker, LocalRegistry registry, CancellationToken ct)
    {
        var here = new DockerCli();
        await TestImage.EnsureOnAsync(docker, ct);

        string[] Image(int version) => [
            "ENTRYPOINT [\"env\"]",
            $"ENV APP_VERSION={version}",
            $"LABEL image.version={version}",
            $"CMD [\"sleep\",\"360{version}\"]",
            $"WORKDIR /v{version}",
            "VOLUME /anonymous",
            "EXPOSE 80",
            $"EXPOSE 8{version}"
        ];
        return new Stage(
            engine,
            docker,
            await registry.PublishAsync(here, "fidelity:1", Image(1), ct),
            await registry.PublishAsync(here, "fidelity:2", Image(2), ct));
    }

    /// <summary>What the settings refer to, on one engine.</summary>
    private sealed class Stage(string engine, DockerCli docker, string old, string @new) : IAsyncDisposable
    {
        private readonly string _prefix = $"dockmon-fid-{Guid.NewGuid():N}"[..19];
        private string _subnet = "";

        public string Engine => engine;

        public string Old => old;

        public string New => @new;

        public string Name(int number) => $"{_prefix}-{number}";

        /// <summary>The arguments after the name; a command in single quotes stays one.</summary>
        public IEnumerable<string> Arguments(string setting, string image)
        {
            var words = Regex.Matches(setting, "'([^']*)'|(\\S+)").Select(match => match.Groups[1].Success ? match.Groups[1].Value : match.Value)
                .Select(word => word.Replace("NET", word is "NET" ? _prefix : "NET", StringComparison.Ordinal)
                    .Replace("PEER", _prefix + "-peer", StringComparison.Ordinal)
                    .Replace("VOL", _prefix, StringComparison.Ordinal)
                    .Replace("SUBNET", _subnet, StringComparison.Ordinal))
                .ToList();
            var split = words.IndexOf("--");
            return split < 0 ? [.. words, image] : [.. words[..split], image, .. words[(split + 1)..]];
        }

        public async Task MakeAsync(CancellationToken ct)
        {
            _subnet = await TestNetwork.CreateAsync(docker, _prefix, ct);
            await docker.RunAsync(["volume", "create", _prefix], ct);
            await docker.RunAsync(["run", "-d", "--name", _prefix + "-peer", "-v", "/peers", TestImage.Name, "sleep", "3600"], ct);
        }

        public async Task<JsonObject> InspectAsync(string name, CancellationToken ct) =>
            JsonNode.Parse(await docker.RunAsync(["inspect", "--format", "{{json .}}", name], ct))!.AsObject();

        public async ValueTask DisposeAsync()
        {
            var left = await docker.RunAsync(["ps", "-aq", "--filter", $"name={_prefix}"], CancellationToken.None);
            if (left.Length > 0)
            {
                await docker.TryRunAsync(["rm", "-f", "-v", .. left.Split('\n')], CancellationToken.None);
            }

            await docker.TryRunAsync(["network", "rm", _prefix], CancellationToken.None);
            await docker.TryRunAsync(["volume", "rm", _prefix], CancellationToken.None);
            await docker.TryRunAsync(["rmi", "-f", old, @new], CancellationToken.None);
        }
    }
}
