namespace DockMon.Testing;

/// <summary>A container that a <see cref="SimulatedHost"/> says it has.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Image">Its image.</param>
/// <param name="Cpu">Mean of its CPU, percent of a core.</param>
/// <param name="MemoryMiB">Mean of its memory.</param>
/// <param name="Project">Its compose project.</param>
/// <param name="State">Docker's state of it.</param>
/// <param name="Status">Docker's status of it.</param>
public sealed record SimulatedContainer(
    string Name, string Image, double Cpu = 1, int MemoryMiB = 64, string Project = "", string State = "running", string Status = "Up 2 hours");

/// <summary>A machine that is not there.</summary>
/// <param name="Name">Its host name.</param>
/// <param name="System">Its operating system.</param>
/// <param name="Docker">Its Docker's version.</param>
/// <param name="Cores">Number of its cores.</param>
/// <param name="MemoryGiB">Its memory.</param>
/// <param name="Cpu">Mean of its CPU, percent of all cores.</param>
/// <param name="Memory">Its used memory, percent.</param>
/// <param name="Disk">Its used disk space, percent.</param>
/// <param name="Containers">What it runs.</param>
public sealed record SimulatedMachine(
    string Name,
    string System,
    string Docker,
    int Cores,
    int MemoryGiB,
    double Cpu,
    double Memory,
    double Disk,
    params IReadOnlyList<SimulatedContainer> Containers);
