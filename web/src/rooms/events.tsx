import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { query, setQuery, to } from '../app/router.ts'
import { containers } from '../data/containers.ts'
import { isNoise, kindOf, mergeEvents, type ContainerEvent, type HostEvent } from '../data/events.ts'
import { matches, parseFilter } from '../data/filter.ts'
import { hosts } from '../data/hosts.ts'
import { get } from '../data/http.ts'
import { listen } from '../data/live.ts'
import { untilDone } from '../data/retry.ts'
import { FilterBox } from '../parts/filter-box.tsx'
import { count, visible } from '../parts/text.ts'

const LIMIT = 2000

/** Hosts whose past is read at once; of the others what happens from now on is shown. */
const MOST_HOSTS = 50

/** One timeline of all hosts, or of one. */
export function Events({ hostId }: { hostId?: string }) {
  const events = useSignal<HostEvent[]>([])
  const known = hosts.value
  useEffect(() => {
    const stop = new AbortController()
    const ids = hostId ? [hostId] : [...(known?.keys() ?? [])].slice(0, MOST_HOSTS)
    for (const id of ids) {
      const read = async (): Promise<void> => {
        const list = await get<ContainerEvent[]>(`/api${to('hosts', id, 'events')}?limit=${hostId ? 500 : 100}`, stop.signal)
        events.value = mergeEvents(
          events.value,
          list.map(event => ({ ...event, hostId: id })),
          LIMIT,
        )
      }
      void untilDone(read, problem => problem && console.info('no events of', id, problem), stop.signal)
    }
    // Events come in bursts: a deployment is one merge, not hundreds.
    let arrived: HostEvent[] = []
    let timer = 0
    const leave = listen(item => {
      if (item.name !== 'container_event' || (hostId && item.hostId !== hostId)) return
      arrived.push({ ...(item.data as ContainerEvent), hostId: item.hostId })
      timer ||= window.setTimeout(() => {
        events.value = mergeEvents(events.value, arrived, LIMIT)
        arrived = []
        timer = 0
      }, 250)
    })
    return () => {
      stop.abort()
      clearTimeout(timer)
      leave()
    }
  }, [hostId, known === undefined])

  const filter = parseFilter(query('q'), ['host', 'action', 'name', 'image'])
  const host = (id: string): string => known?.get(id)?.hostname ?? ''
  const shown = events.value.filter(
    event =>
      (query('noise') !== '' || !isNoise(event.action)) &&
      matches(
        filter,
        { host: host(event.hostId), action: event.action, name: event.container_name, image: event.image },
        `${event.container_name} ${event.action} ${event.image} ${host(event.hostId)}`.toLowerCase(),
      ),
  )
  return (
    <div class="events">
      {!hostId && <h1>Events</h1>}
      <div class="tools">
        <FilterBox label="Filter events" placeholder="Filter: web action:die -host:test" />
        <label class="check">
          <input type="checkbox" checked={query('noise') !== ''} onChange={event => setQuery({ noise: event.currentTarget.checked ? '1' : '' })} /> shells and
          probes
        </label>
      </div>
      <ol class="timeline">
        {shown.slice(0, 300).map(event => {
          const there = containers.has(event.hostId + ':' + event.container_id)
          return (
            <li key={event.hostId + event.container_id + event.action + event.timestamp}>
              <time dateTime={event.timestamp}>{new Date(event.timestamp).toLocaleString()}</time>
              <span class={'state ' + kindOf(event)}>
                {visible(event.action)}
                {event.action === 'die' && event.attributes?.['exitCode'] ? ` (${visible(event.attributes['exitCode'])})` : ''}
              </span>
              {there ? (
                <a href={to('containers', event.hostId, event.container_id)}>{visible(event.container_name)}</a>
              ) : (
                <span>{visible(event.container_name)}</span>
              )}
              {!hostId && (
                <a class="quiet" href={to('hosts', event.hostId)}>
                  {visible(host(event.hostId))}
                </a>
              )}
            </li>
          )
        })}
      </ol>
      {shown.length === 0 && <p class="quiet">Nothing has happened yet that is like that.</p>}
      {shown.length > 300 && <p class="quiet">and {count(shown.length - 300, 'older event')}: filter to see more</p>}
    </div>
  )
}
