namespace DockMon.Agent.Policies;

/// <summary>The policy that is in force now.</summary>
internal sealed class PolicySource(HostPolicy first)
{
    private volatile HostPolicy _current = first;

    /// <summary>Raised when another one is in force.</summary>
    public event Action? Changed;

    public HostPolicy Current => _current;

    /// <summary>Puts another one in force.</summary>
    public void Use(HostPolicy policy)
    {
        _current = policy;
        Changed?.Invoke();
    }
}
