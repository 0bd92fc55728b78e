using DockMon.Testing;
using Shouldly;
using Xunit;

namespace DockMon.Integration.Tests;

/// <summary>The install.sh of a signed release, which has the keys in it, and releases that are and are not what those keys have signed.</summary>
public sealed class InstallerSignatureTests : InstallerScene
{
    private static readonly SigningKey Key = new();
    private static readonly SigningKey Spare = new();

    [Fact]
    public async Task A_release_that_was_signed_as_eng_release_does_it_is_installed()
    {
        await MakeAsync(Key);
        var (code, output) = await InstallAsync("--from", At("release"), "--url", "wss://h", "--token-file", TokenFile("t"));
        code.ShouldBe(0, output);
        output.ShouldContain("dockmon-agent 1.0.0 is installed");
        output.ShouldNotContain("no key of a signed release");
    }

    [Fact]
    public async Task Of_the_twoKeys_that_an_installer_has_the_second_may_have_signed()
    {
        await MakeAsync(Spare);
        (await InstallAsync("--from", At("release"), "--url", "wss://h", "--token-file", TokenFile("t"))).Code.ShouldBe(0);
    }

    [Theory]
    [InlineData("unsigned", "must hold checksums.txt.sig")]
    [InlineData("another key", "checksums.txt has no valid signature")]
    [InlineData("a signature of something else", "checksums.txt has no valid signature")]
    [InlineData("an empty signature", "checksums.txt has no valid signature")]
    [InlineData("another archive", "is not what was published")]
    [InlineData("another archive and its checksum", "checksums.txt has no valid signature")]
    public async Task Nothing_of_a_release_is_executed_that_theseKeys_have_not_signed(string what, string words)
    {
        using var other = new SigningKey();
        await MakeAsync(what == "another key" ? other : Key);
        switch (what)
        {
            case "unsigned":
                File.Delete(At("release/checksums.txt.sig"));
                break;
            case "a signature of something else":
                File.WriteAllBytes(At("release/checksums.txt.sig"), Key.Sign(File.ReadAllBytes(At("release/" + Archive))));
                break;
            case "an empty signature":
                File.WriteAllText(At("release/checksums.txt.sig"), "");
                break;
            case "another archive" or "another archive and its checksum":
                var signed = File.ReadAllText(At("release/checksums.txt"));
                Release("6.6.6", $"touch {At("attacked")}; echo 6.6.6");
                if (what == "another archive")
                {
                    File.WriteAllText(At("release/checksums.txt"), signed);
                }

                break;
        }

        // The program, its unit and the settings of an attacker, in the place where the release lies.
        Script("release/dockmon-agent", $"touch {At("attacked")}; echo 6.6.6");
        File.WriteAllText(At("release/dockmon-agent.service"), "[Service]\nExecStart=/bin/false\n");
        foreach (var dry in new[] { true, false })
        {
            var (code, output) = await InstallAsync(
                ["--from", At("release"), "--url", "wss://h", "--token-file", TokenFile("t"), .. dry ? ["--dry-run"] : Array.Empty<string>()]);
            code.ShouldBe(1, output);
            output.ShouldContain(words);
            output.ShouldContain("Nothing was changed.");
        }

        File.Exists(At("attacked")).ShouldBeFalse();
        Directory.Exists(Root("usr")).ShouldBeFalse();
        Directory.Exists(Root("etc")).ShouldBeFalse();
        SystemCalls.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_download_needs_its_signature_and_must_be_the_version_that_was_asked_for()
    {
        await MakeAsync(Key);
        Directory.CreateDirectory(At("site/download"));
        Directory.Move(At("release"), At("site/download/v2.0.0"));
        await using var site = await StaticSite.StartAsync(At("site"), Token);
        string[] options = ["--version", "2.0.0", "--url", "wss://h", "--token-file", TokenFile("t")];
        var environment = new Dictionary<string, string> { ["DOCKMON_AGENT_RELEASES"] = site.Url };

        // Signed, but an older one than its address says.
        var (older, words) = await InstallAsync(environment, options);
        older.ShouldBe(1);
        words.ShouldContain("the release is 1.0.0, and 2.0.0 was asked for. Nothing was changed.");

        File.Delete(At("site/download/v2.0.0/checksums.txt.sig"));
        (var unsigned, words) = await InstallAsync(environment, options);
        unsigned.ShouldBe(1);
        words.ShouldContain("checksums.txt.sig cannot be downloaded. Nothing was changed.");
        SystemCalls.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_installer_without_aKey_says_that_it_checks_no_signature()
    {
        var (code, output) = await InstallAsync("--from", At("release"), "--url", "wss://h", "--token-file", TokenFile("t"));
        code.ShouldBe(0, output);
        output.ShouldContain("has no key of a signed release");
    }

    [Fact]
    public async Task What_eng_sign_makes_openssl_verifies_and_aKey_of_another_kind_signs_nothing()
    {
        File.WriteAllText(At("public"), Key.PublicPem);
        await SignAsync(Key, At("release/" + Archive));
        var (code, output) = await RunAsync(
            "openssl", "dgst", "-sha256", "-verify", At("public"), "-signature", At($"release/{Archive}.sig"), At("release/" + Archive));
        code.ShouldBe(0, output);

        (await RunAsync("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", At("other"))).Code.ShouldBe(0);
        var environment = new Dictionary<string, string> { ["RELEASE_KEY_FILE"] = At("other") };
        var (refused, words) = await RunAsync(Path.Combine(Repository.Root, "eng/sign"), environment, [At("public")]);
        refused.ShouldBe(1);
        words.ShouldContain("is no ECDSA key on P-256");
        File.Exists(At("public.sig")).ShouldBeFalse();
    }

    /// <summary>A release of the two keys that one of them has signed, and its installer.</summary>
    private async Task MakeAsync(SigningKey signer)
    {
        File.WriteAllText(At("keys.pem"), Key.PublicPem + Spare.PublicPem);
        Release("1.0.0", keys: At("keys.pem"));
        await SignAsync(signer, At("release/checksums.txt"));
        var (code, script) = await RunAsync("tar", "-xzOf", At("release/" + Archive), "./install.sh");
        code.ShouldBe(0);
        File.WriteAllText(At("install.sh"), script + "\n");
        Installer = At("install.sh");
    }

    private async Task SignAsync(SigningKey signer, string file)
    {
        File.WriteAllText(At("private.pem"), signer.PrivatePem);
        var environment = new Dictionary<string, string> { ["RELEASE_KEY_FILE"] = At("private.pem") };
        var (code, output) = await RunAsync(Path.Combine(Repository.Root, "eng/sign"), environment, [file]);
        code.ShouldBe(0, output);
    }
}
