using System.Text;
using DockMon.Hub.Access.SignIn;
using Shouldly;
using Xunit;

namespace DockMon.Hub.Tests.Access.SignIn;

public sealed class TotpTests
{
    private static readonly byte[] Secret = Encoding.ASCII.GetBytes("12345678901234567890");

    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1234567890, "005924")]
    [InlineData(2000000000, "279037")]
    [InlineData(20000000000, "353130")]
    public void Codes_are_those_of_RFC_6238(long time, string code)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(time);
        Totp.Find(Secret, code, now, 0).ShouldBe(Totp.StepAt(now));
        Totp.Find(Secret, code[..3] + " " + code[3..], now, 0).ShouldBe(Totp.StepAt(now));
    }

    [Fact]
    public void A_code_counts_for_a_step_before_and_after_and_never_twice()
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
        var step = Totp.StepAt(now);
        Totp.Find(Secret, Totp.Code(Secret, step - 1), now, 0).ShouldBe(step - 1);
        Totp.Find(Secret, Totp.Code(Secret, step + 1), now, 0).ShouldBe(step + 1);
        Totp.Find(Secret, Totp.Code(Secret, step - 2), now, 0).ShouldBeNull();
        Totp.Find(Secret, Totp.Code(Secret, step + 2), now, 0).ShouldBeNull();
        Totp.Find(Secret, Totp.Code(Secret, step), now, step).ShouldBeNull();
        Totp.Find(Secret, Totp.Code(Secret, step - 1), now, step).ShouldBeNull("an older code than the one that was used");
        Totp.Find(Secret, "", now, 0).ShouldBeNull();
    }

    [Theory]
    [InlineData("f", "MY")]
    [InlineData("fo", "MZXQ")]
    [InlineData("foo", "MZXW6")]
    [InlineData("foob", "MZXW6YQ")]
    [InlineData("foobar", "MZXW6YTBOI")]
    public void Base32_is_that_of_RFC_4648(string text, string encoded) => Base32.Encode(Encoding.ASCII.GetBytes(text)).ShouldBe(encoded);

    [Fact]
    public void The_address_has_what_an_app_reads() =>
        Totp.Address("anna", Secret).ShouldBe(
            "otpauth://totp/DockMon%20hub:anna?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=DockMon%20hub&algorithm=SHA1&digits=6&period=30");

    [Fact]
    public void Recovery_codes_are_all_different_and_may_be_typed_without_care()
    {
        var codes = RecoveryCodes.Create();
        codes.Distinct().Count().ShouldBe(10);
        codes.ShouldAllBe(code => code.Length == 19);
        RecoveryCodes.Normalize(" " + codes[0].Replace("-", " ", StringComparison.Ordinal).ToLowerInvariant()).ShouldBe(codes[0]);
    }
}
