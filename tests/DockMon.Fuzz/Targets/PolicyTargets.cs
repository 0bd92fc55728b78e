using System.Security.Cryptography;
using System.Text;
using DockMon.Agent.Policies;
using DockMon.Agent.Policies.Facts;
using DockMon.Agent.Policies.Reading;
using DockMon.Agent.SelfUpdate.Programs;

namespace DockMon.Fuzz.Targets;

/// <summary>What decides on what a server may do, and on which program runs.</summary>
internal static class PolicyTargets
{
    private static readonly ContainerFacts Container = new("0123456789ab", "web", "ghcr.io/acme/web:1", new Dictionary<string, string> { ["a"] = "b" });

    private static readonly ReleaseKeys Keys = MakeKeys();

    /// <summary>A policy: it is read, or it has errors, and never both or neither.</summary>
    public static void Policy(byte[] input)
    {
        var (policy, errors) = PolicyReader.Read(Encoding.UTF8.GetString(input), "fuzz");
        FuzzFailure.When(policy is null == (errors.Count == 0), "it is neither a policy nor wrong");
        foreach (var action in policy is null ? [] : HostActions.Groups.Keys)
        {
            _ = policy!.Judge(action, Container).Error;
        }
    }

    /// <summary>A signature beside a program: none of these holds.</summary>
    public static void Signature(byte[] input) => FuzzFailure.When(Keys.HaveSigned(SHA256.HashData(input), input), "a signature holds that nobody made");

    private static ReleaseKeys MakeKeys()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return ReleaseKeys.Parse(key.ExportSubjectPublicKeyInfoPem());
    }
}
