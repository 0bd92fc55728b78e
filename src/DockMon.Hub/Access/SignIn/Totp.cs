using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace DockMon.Hub.Access.SignIn;

/// <summary>Codes of an authenticator app (RFC 6238): SHA-1, six digits, a new one every 30 seconds, as every app has it.</summary>
internal static class Totp
{
    public const int SecretBytes = 20;

    private const int StepSeconds = 30;
    private const int Digits = 6;

    // A code counts one step longer and earlier, for clocks that differ.
    private const int Drift = 1;

    /// <summary>The address that an app reads, usually as a QR code.</summary>
    public static string Address(string user, byte[] secret) =>
        $"otpauth://totp/DockMon%20hub:{Uri.EscapeDataString(user)}?secret={Base32.Encode(secret)}"
        + $"&issuer=DockMon%20hub&algorithm=SHA1&digits={Digits}&period={StepSeconds}";

    public static long StepAt(DateTimeOffset time) => time.ToUnixTimeSeconds() / StepSeconds;

    /// <summary>The step of a code; null for a wrong code and one that was used before.</summary>
    /// <param name="secret">The secret.</param>
    /// <param name="code">What the user typed.</param>
    /// <param name="now">The time.</param>
    /// <param name="used">The last step whose code was used.</param>
    public static long? Find(byte[] secret, string code, DateTimeOffset now, long used)
    {
        var typed = Encoding.UTF8.GetBytes(code.Replace(" ", "", StringComparison.Ordinal));
        var current = StepAt(now);
        long? found = null;
        for (var step = current - Drift; step <= current + Drift; step++)
        {
            // All are compared, so that the time tells nothing.
            if (CryptographicOperations.FixedTimeEquals(typed, Encoding.ASCII.GetBytes(Code(secret, step))) && step > used)
            {
                found = step;
            }
        }

        return found;
    }

    /// <summary>The code of a step.</summary>
    public static string Code(byte[] secret, long step)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> hash = stackalloc byte[20];
#pragma warning disable CA5350 // What the RFC and every app have; a keyed hash does not need more.
        HMACSHA1.HashData(secret, counter, hash);
#pragma warning restore CA5350
        var number = BinaryPrimitives.ReadInt32BigEndian(hash[(hash[^1] & 15)..]) & int.MaxValue;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }
}
