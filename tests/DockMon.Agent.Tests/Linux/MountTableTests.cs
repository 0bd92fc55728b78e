using DockMon.Agent.Doctor;
using DockMon.Agent.Doctor.Checks;
using DockMon.Agent.Linux;
using DockMon.Engine;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Linux;

public sealed class MountTableTests
{
    // As seen in containers of Docker 20.10 and 26.1.
    private const string Root =
        "612 489 0:61 / / rw,relatime master:213 - overlay overlay rw,lowerdir=/l/A:/l/B,upperdir=/u,workdir=/w\n613 612 0:64 / /proc rw,nosuid - proc proc rw";
    private const string Anonymous = "efb225eae0e5807ec9f45533e6c5598e13b9f197ce11f9fe3fd9c3964d86d6ed";

    [Theory]
    [InlineData("700 612 8:1 /var/lib/docker/volumes/agent-data/_data /data rw - ext4 /dev/sda1 rw", nameof(StorageKind.NamedVolume), "agent-data")]
    [InlineData(
        "700 612 8:1 /docker/volumes/efb225eae0e5807ec9f45533e6c5598e13b9f197ce11f9fe3fd9c3964d86d6ed/_data /data rw - ext4 /dev/sda1 rw",
        nameof(StorageKind.AnonymousVolume),
        Anonymous)]
    [InlineData("700 612 8:1 /srv/my\\040agent /data rw master:1 - ext4 /dev/sda1 rw", nameof(StorageKind.Bind), "/srv/my agent")]
    [InlineData("700 612 0:70 / /data rw - tmpfs tmpfs rw", nameof(StorageKind.Memory), "")]
    [InlineData("700 612 8:1 /srv/x /database rw - ext4 /dev/sda1 rw", nameof(StorageKind.Layer), "")]
    [InlineData("", nameof(StorageKind.Layer), "")]
    public void The_kernel_tells_what_a_directory_lies_on(string line, string kind, string source)
    {
        MountTable.Find("/data", Mount.Parse($"{Root}\n{line}\n")).ShouldBe(new MountedStorage(Enum.Parse<StorageKind>(kind), source));
    }

    [Fact]
    public void The_innermost_mount_counts()
    {
        MountTable.Find("/data/agent", Mount.Parse($"{Root}\n700 612 8:1 /srv /data rw - ext4 /d rw\n701 700 8:1 /volumes/v/_data /data/agent rw - ext4 /d rw"))
            .ShouldBe(new MountedStorage(StorageKind.NamedVolume, "v"));
    }

    [Fact]
    public void The_engine_tells_it_too()
    {
        ContainerMount[] mounts =
        [
            new() { Type = "volume", Name = "named", Source = "/var/lib/docker/volumes/named/_data", Destination = "/named" },
            new() { Type = "volume", Name = Anonymous, Destination = "/anonymous" },
            new() { Type = "bind", Source = "/srv/agent", Destination = "/bind" },
            new() { Type = "tmpfs", Destination = "/memory" },
        ];
        string[] paths = ["/named", "/anonymous", "/bind/below", "/memory", "/binder"];
        paths.Select(path => MountTable.Find(path, mounts).Kind).ShouldBe(
            [StorageKind.NamedVolume, StorageKind.AnonymousVolume, StorageKind.Bind, StorageKind.Memory, StorageKind.Layer]);
    }

    [Theory]
    [InlineData(nameof(StorageKind.NamedVolume), nameof(CheckStatus.Ok))]
    [InlineData(nameof(StorageKind.AnonymousVolume), nameof(CheckStatus.Warning))]
    [InlineData(nameof(StorageKind.Bind), nameof(CheckStatus.Warning))]
    [InlineData(nameof(StorageKind.Memory), nameof(CheckStatus.Failed))]
    [InlineData(nameof(StorageKind.Layer), nameof(CheckStatus.Failed))]
    public void Only_a_named_volume_is_as_it_should_be(string kind, string status)
    {
        var finding = DataChecks.Judge("/data", new MountedStorage(Enum.Parse<StorageKind>(kind), "source"));
        finding.Status.ToString().ShouldBe(status);
        (finding.Remedy?.Contains("-v dockmon-agent-data:/data", StringComparison.Ordinal) ?? false).ShouldBe(status != nameof(CheckStatus.Ok));
    }
}
