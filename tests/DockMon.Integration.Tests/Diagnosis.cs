using System.Text.Json;
using DockMon.Testing;
using Shouldly;

namespace DockMon.Integration.Tests;

/// <summary>What <c>dockmon-agent doctor --json</c> said.</summary>
internal sealed record Diagnosis(int ExitCode, JsonElement Answer)
{
    /// <summary>Runs it.</summary>
    public static async Task<Diagnosis> MakeAsync(string data, string url, CancellationToken ct, params (string Name, string Value)[] changes)
    {
        var environment = Environment(data, url);
        foreach (var (name, value) in changes)
        {
            environment[name] = value;
        }

        await using var doctor = AgentProcess.Start(environment, "doctor", "--json");
        return await ReadAsync(doctor, ct);
    }

    /// <summary>Waits for a doctor's end and reads what it said.</summary>
    public static async Task<Diagnosis> ReadAsync(ProgramProcess doctor, CancellationToken ct)
    {
        var code = await doctor.WaitForExitAsync(ct);
        return Read(code, doctor.Lines.Single());
    }

    public static Diagnosis Read(int code, string json)
    {
        var answer = JsonElement.Parse(json);
        answer.GetProperty("ok").GetBoolean().ShouldBe(code == 0, json);
        return new Diagnosis(code, answer);
    }

    /// <summary>What an agent needs at least.</summary>
    public static Dictionary<string, string> Environment(string data, string url) => new()
    {
        ["DOCKMON_URL"] = url,
        ["REGISTRATION_TOKEN"] = "one-time-token",
        ["DATA_PATH"] = data,
    };

    public string Status(string check) => Check(check).GetProperty("status").GetString()!;

    public string Found(string check) => Check(check).GetProperty("found").GetString()!;

    public string Remedy(string check) => Check(check).GetProperty("remedy").GetString()!;

    /// <summary>A check failed, nothing else did, and its remedy has these words.</summary>
    public void ShouldFailOnly(string check, string remedy)
    {
        ExitCode.ShouldBe(1);
        Answer.GetProperty("checks")
            .EnumerateArray()
            .Where(one => one.GetProperty("status").GetString() == "failed")
            .Select(one => one.GetProperty("name").GetString())
            .ShouldBe([check], Answer.GetRawText());
        Remedy(check).ShouldContain(remedy);
    }

    private JsonElement Check(string name) => Answer.GetProperty("checks").EnumerateArray().Single(check => check.GetProperty("name").GetString() == name);
}
