using System.Globalization;
using DockMon.Agent.Audit.Chain;
using DockMon.Agent.Configuration;
using DockMon.Agent.Interop;
using DockMon.Agent.Policies;
using DockMon.Engine;

namespace DockMon.Agent.Doctor.Checks;

/// <summary>The audit: whether it can be written, has room to grow, and ends with the record that its head file names.</summary>
/// <param name="options">The configuration.</param>
/// <param name="policy">The policy, which may require it.</param>
/// <param name="takesOver">Whether the agent becomes the owner of the directory at its start.</param>
internal sealed class AuditCheck(AgentOptions options, HostPolicy policy, bool takesOver)
{
    private const int Tries = 3;

    private readonly string _folder = AuditReader.FolderIn(options.DataPath);

    public Check Check() => new("audit", ["data"], _ => Task.FromResult(Look()));

    private CheckResult Look()
    {
        if (options.AuditMaxBytes == 0)
        {
            return policy is { AuditRequired: true, Enforce: true }
                ? CheckResult.Failed("AUDIT_MAX_BYTES=0 has no audit written, and the policy requires one: every change is refused", "remove AUDIT_MAX_BYTES=0")
                : CheckResult.Ok("AUDIT_MAX_BYTES=0: the records are in the log only");
        }

        try
        {
            if (FileStatus.Read(_folder) is not null && !takesOver)
            {
                if (FindReadOnly() is { } path)
                {
                    return CheckResult.Failed(
                        $"user id {Native.UserId} may not write {path}: records are lost",
                        $"give it to that user: chown -R {Native.UserId} {_folder}");
                }

                if (FindBroken() is { } problem)
                {
                    return CheckResult.Warning(
                        $"the end of the audit is not what it should be: {problem}",
                        "dockmon-agent audit --verify tells all that is wrong; docs/audit.md says what can be the reason");
                }
            }

            return JudgeRoom();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return CheckResult.Failed(
                $"{_folder} cannot be read: {e.Message}",
                "see that it is a directory of the agent's user, with files in it that are no links");
        }
    }

    private CheckResult JudgeRoom()
    {
        string[] files = [.. Enumerable.Range(0, AuditFile.Kept + 1).Select(age => Path.Combine(_folder, AuditFile.NameOf(age)))];
        var used = files.Sum(file => FileStatus.Read(file, followLink: false)?.Size ?? 0);
        var missing = options.AuditMaxBytes * files.Length - used;
        var free = new DriveInfo(ThereAlready(options.DataPath)).AvailableFreeSpace;
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{_folder} has {Mebibytes(used):#,0.0} MiB, and grows by {Mebibytes(Math.Max(0, missing)):#,0.0} MiB at most; {Mebibytes(free):#,0} are free");
        return free >= missing ? CheckResult.Ok(text) : CheckResult.Warning(text, "free some space, or make AUDIT_MAX_BYTES smaller");
    }

    /// <summary>The directory, or what there is of the way to it: the agent makes the rest.</summary>
    private static string ThereAlready(string path)
    {
        while (!Directory.Exists(path) && Path.GetDirectoryName(path) is { } above)
        {
            path = above;
        }

        return path;
    }

    private static double Mebibytes(long bytes) => bytes / 1048576.0;

    private string? FindReadOnly() => !Native.MayWriteIn(_folder) ? _folder
        : new[] { AuditFile.NameOf(0), AuditHead.FileName }.Select(name => Path.Combine(_folder, name))
            .FirstOrDefault(path => FileStatus.Read(path, followLink: false) is not null && !Native.MayWrite(path));

    /// <summary>What is wrong with the last records. An agent that runs writes meanwhile: what is wrong is wrong each time.</summary>
    private string? FindBroken()
    {
        string? problem = null;
        for (var tries = 0; tries < Tries; tries++)
        {
            var head = AuditHead.Read(_folder);
            problem = AuditTail.ReadIn(_folder).Differs(head);
            if (problem is null)
            {
                break;
            }
        }

        return problem;
    }
}
