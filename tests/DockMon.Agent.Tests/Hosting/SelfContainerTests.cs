using DockMon.Agent.Hosting;
using Shouldly;
using Xunit;

namespace DockMon.Agent.Tests.Hosting;

public sealed class SelfContainerTests
{
    private const string Id = "efb225eae0e5807ec9f45533e6c5598e13b9f197ce11f9fe3fd9c3964d86d6ed";
    private const string Other = "6767214d9d608be81fe88a0890e8f691614ccc3667f5afd42efb37a57d8ae3b3";

    public static TheoryData<string, string> MountInfos => new()
    {
        { "docker", $"512 501 254:0 /var/lib/docker/containers/{Id}/hostname /etc/hostname rw,relatime - ext4 /dev/vda rw" },
        { "host network, custom host name", $"600 501 254:0 /var/lib/docker/containers/{Id}/resolv.conf /etc/resolv.conf rw - ext4 /dev/vda rw" },
        { "data root on a volume of its own", $"600 501 254:0 /containers/{Id}/hosts /etc/hosts rw - ext4 /dev/vdb rw" },
        { "podman", $"701 690 0:25 /containers/overlay-containers/{Id}/userdata/hostname /etc/hostname rw - tmpfs tmpfs rw" },
    };

    public static TheoryData<string, string> Cgroups => new()
    {
        { "v1", $"12:pids:/docker/{Id}\n1:name=systemd:/docker/{Id}" },
        { "v1 systemd", $"5:memory:/system.slice/docker-{Id}.scope" },
        { "v2 with the host's namespace", $"0::/system.slice/docker-{Id}.scope" },
        { "podman", $"0::/machine.slice/libpod-{Id}.scope/container" },
        { "kubernetes", $"0::/kubepods/besteffort/pod1/{Id}" },
    };

    [Theory]
    [MemberData(nameof(MountInfos))]
    public void Its_id_is_found_in_the_files_Docker_mounts(string _, string text) => SelfContainer.FromMountInfo(text).ShouldBe([Id]);

    [Theory]
    [MemberData(nameof(Cgroups))]
    public void Its_id_is_found_in_control_groups(string _, string text) => SelfContainer.FromCgroup(text).Distinct().ShouldBe([Id]);

    [Fact]
    public void Other_containers_mounts_seen_on_a_host_are_not_taken_for_its_own()
    {
        SelfContainer.FromMountInfo($"90 30 0:44 / /var/lib/docker/overlay2/{Other}/merged rw - overlay overlay rw\n91 30 0:45 / /var/lib/docker/containers/{Other}/mounts/shm rw - tmpfs shm rw").ShouldBeEmpty();
        SelfContainer.FromCgroup("0::/user.slice/user-0.slice/session-1.scope").ShouldBeEmpty();
    }

    [Theory]
    [InlineData(Id, true)]
    [InlineData("efb225eae0e5", true)]
    [InlineData("agent", true)]
    [InlineData("/agent", true)]
    [InlineData("efb225", false)]
    [InlineData("age", false)]
    [InlineData(Other, false)]
    public void It_knows_itself_by_id_short_id_and_name(string reference, bool itself) =>
        new SelfContainer(Id, "agent", "image", "bridge").Is(reference).ShouldBe(itself);
}
