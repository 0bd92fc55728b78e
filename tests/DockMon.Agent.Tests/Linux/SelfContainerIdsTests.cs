using DockMon.Agent.Linux;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Linux;

public sealed class SelfContainerIdsTests
{
    private const string Id = "efb225eae0e5807ec9f45533e6c5598e13b9f197ce11f9fe3fd9c3964d86d6ed";
    private const string Other = "6767214d9d608be81fe88a0890e8f691614ccc3667f5afd42efb37a57d8ae3b3";

    public static TheoryData<string, string> Mounts => new()
    {
        { "docker", $"512 501 254:0 /var/lib/docker/containers/{Id}/hostname /etc/hostname rw,relatime - ext4 /dev/vda rw" },
        { "host network", $"600 501 254:0 /var/lib/docker/containers/{Id}/resolv.conf /etc/resolv.conf rw - ext4 /dev/vda rw" },
        { "data root on a disk of its own", $"600 501 254:16 /containers/{Id}/hosts /etc/hosts rw - ext4 /dev/vdb rw" },
        { "podman", $"701 690 0:25 /containers/overlay-containers/{Id}/userdata/hostname /etc/hostname rw,nosuid - tmpfs tmpfs rw" },
        { "all three", string.Join(
            '\n',
            new[] { "resolv.conf", "hostname", "hosts" }.Select(f => $"1 2 8:1 /var/lib/docker/containers/{Id}/{f} /etc/{f} rw - ext4 /dev/sda rw")) },
    };

    public static TheoryData<string, string> Cgroups => new()
    {
        { "v1", $"12:pids:/docker/{Id}\n11:memory:/docker/{Id}\n1:name=systemd:/docker/{Id}\n0::/system.slice/containerd.service" },
        { "v1, systemd driver", $"5:memory:/system.slice/docker-{Id}.scope" },
        { "v2, systemd driver, the host's namespace", $"0::/system.slice/docker-{Id}.scope" },
        { "v2, rootless", $"0::/user.slice/user-1000.slice/user@1000.service/app.slice/docker-{Id}.scope" },
        { "podman", $"0::/machine.slice/libpod-{Id}.scope/container" },
        { "kubernetes", $"0::/kubepods.slice/kubepods-besteffort.slice/cri-containerd-{Id}.scope" },
    };

    [Theory]
    [MemberData(nameof(Mounts))]
    public void The_files_an_engine_mounts_tell_the_id(string _, string text) => SelfContainerIds.FromMounts(Mount.Parse(text)).ShouldBe([Id]);

    [Theory]
    [MemberData(nameof(Cgroups))]
    public void The_control_group_tells_the_id(string _, string text) => SelfContainerIds.FromControlGroups(ControlGroup.Parse(text)).ShouldBe([Id]);

    [Fact]
    public void Of_nested_containers_the_innermost_comes_first() =>
        SelfContainerIds.FromControlGroups(ControlGroup.Parse($"3:memory:/docker/{Other}/docker/{Id}")).ShouldBe([Id, Other]);

    [Theory]
    [InlineData("0::/")]
    [InlineData("0::/../../")]
    [InlineData("0::/user.slice/user-0.slice/session-1.scope")]
    [InlineData("4:memory:/agent/736531311359636afdd15eb9cc48edb4")]
    [InlineData("")]
    [InlineData("garbage")]
    public void A_control_group_without_an_id_tells_none(string text) => SelfContainerIds.FromControlGroups(ControlGroup.Parse(text)).ShouldBeEmpty();

    [Fact]
    public void Mounts_of_other_containers_that_a_host_sees_are_not_its_own() => SelfContainerIds.FromMounts(Mount.Parse(
        $"""
        90 30 0:44 / /var/lib/docker/overlay2/{Other}/merged rw - overlay overlay rw,upperdir=/var/lib/docker/overlay2/{Other}/diff
        91 30 0:45 / /var/lib/docker/containers/{Other}/mounts/shm rw - tmpfs shm rw
        92 30 8:1 /var/lib/docker/volumes/{Other}/_data /data rw - ext4 /dev/sda rw
        """)).ShouldBeEmpty();

    [Theory]
    [InlineData("512 501 254:0 /var/lib/docker/containers/x/hosts /etc/hosts rw - ext4 /dev/vda rw", true)]
    [InlineData("22 27 0:21 / /proc rw - proc proc rw\n512 501 8:1 /pods/1/etc-hosts /etc/hosts rw - ext4 /dev/sda rw", true)]
    [InlineData("22 27 0:21 / /proc rw - proc proc rw\n23 27 8:1 / / rw - ext4 /dev/sda rw", false)]
    [InlineData("", false)]
    public void Mounts_tell_a_container_of_whatever_engine_from_a_machine(string text, bool inContainer) =>
        SelfContainerIds.AreContainerMounts(Mount.Parse(text)).ShouldBe(inContainer);

    [Theory]
    [InlineData("efb225eae0e5", true)]
    [InlineData(Id, true)]
    [InlineData("efb225eae0", false)]
    [InlineData("EFB225EAE0E5", false)]
    [InlineData("webserver001", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_host_name_counts_only_when_it_looks_like_an_id(string? name, bool counts) =>
        SelfContainerIds.FromHostname(name).Any().ShouldBe(counts);
}
