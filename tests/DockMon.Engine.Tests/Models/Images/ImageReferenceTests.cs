namespace DockMon.Engine.Tests;

public sealed class ImageReferenceTests
{
    [Theory]
    [InlineData("nginx", "nginx", "latest", "docker.io")]
    [InlineData("nginx:1.27", "nginx", "1.27", "docker.io")]
    [InlineData("me/app:2", "me/app", "2", "docker.io")]
    [InlineData("host:5000/app", "host:5000/app", "latest", "host:5000")]
    [InlineData("host:5000/a/b:v1", "host:5000/a/b", "v1", "host:5000")]
    [InlineData("localhost/app:v1", "localhost/app", "v1", "localhost")]
    [InlineData("ghcr.io/me/app@sha256:abc", "ghcr.io/me/app", "sha256:abc", "ghcr.io")]
    [InlineData("host:5000/app:v1@sha256:abc", "host:5000/app", "sha256:abc", "host:5000")]
    public void References_are_taken_apart(string reference, string repository, string tagOrDigest, string registry)
    {
        var image = ImageReference.Parse(reference);

        image.Repository.ShouldBe(repository);
        image.TagOrDigest.ShouldBe(tagOrDigest);
        image.Registry.ShouldBe(registry);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(":tag")]
    [InlineData("name:")]
    [InlineData("name@")]
    public void What_is_no_reference_is_refused(string reference) =>
        Should.Throw<ArgumentException>(() => ImageReference.Parse(reference));
}
