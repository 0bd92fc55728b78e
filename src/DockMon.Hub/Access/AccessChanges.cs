using DockMon.Hub.Bus;

namespace DockMon.Hub.Access;

/// <summary>
/// Tells this hub and the others that users, sessions, tokens or tags have changed: what is remembered of them is dropped, and streams and shells are
/// looked at again. A hub that does not hear it finds the change in the database some seconds later.
/// </summary>
internal sealed class AccessChanges
{
    private readonly HubLink _link;

    public AccessChanges(HubLink link)
    {
        _link = link;
        link.Received += message =>
        {
            if (message.Kind == HubMessageKind.AccessChanged)
            {
                Changed?.Invoke();
            }
        };
    }

    /// <summary>Called after a change on any hub; handlers return at once.</summary>
    public event Action? Changed;

    /// <summary>Tells of the change that a request makes, once it is answered: its own caller may be one who may no longer make it.</summary>
    public void TellAfter(HttpContext context) => context.Response.OnCompleted(() =>
    {
        Changed?.Invoke();
        _link.Broadcast(new HubMessage(HubMessageKind.AccessChanged));
        return Task.CompletedTask;
    });

    /// <summary>Tells of a change after each request of an endpoint that is no read.</summary>
    public static ValueTask<object?> TellAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var request = context.HttpContext;
        if (!HttpMethods.IsGet(request.Request.Method))
        {
            request.RequestServices.GetRequiredService<AccessChanges>().TellAfter(request);
        }

        return next(context);
    }
}
