import { path, to } from '../app/router.ts'
import { containers, keyOf, version } from '../data/containers.ts'
import { figures, hosts } from '../data/hosts.ts'
import { Age } from '../parts/age.tsx'
import { Later } from '../parts/later.tsx'
import { Meter } from '../parts/spark.tsx'
import { State } from '../parts/state.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { bytes, percent, shortImage, visible } from '../parts/text.ts'
import { Events } from './events.tsx'
import { HostActions, HostPolicy } from './host-more.tsx'

const tabs = ['overview', 'charts', 'events', 'images', 'networks', 'volumes', 'health-checks'] as const

/** One host: what it is, what runs on it, its charts and events. */
export function HostRoom() {
  const [, id = '', tab = 'overview'] = path.value
  const host = hosts.value?.get(id)
  if (!host)
    return (
      <div class="empty">
        <h1>{hosts.value ? 'This host is not there' : 'One moment…'}</h1>
        {hosts.value && (
          <p>
            <a href="/hosts">All hosts</a>
          </p>
        )}
      </div>
    )
  return (
    <div class="container">
      <header>
        <h1>{visible(host.hostname)}</h1>
        <span class={'state ' + (host.connected ? 'good' : 'bad')}>{host.connected ? 'online' : 'offline'}</span>
        <p class="quiet">
          {host.connected ? (
            'Agent ' + visible(host.registration.version ?? '')
          ) : (
            <>
              Last heard of <Age of={host.last_seen} ago />
            </>
          )}
        </p>
        <HostActions host={host} />
      </header>
      <Tabs label="of this host" names={tabs} at={tab} address={to('hosts', id)} />
      {tab === 'charts' ? (
        <Later key={id} load={() => import('./charts.tsx')} props={{ hostId: id }} />
      ) : tab === 'events' ? (
        <Events key={id} hostId={id} />
      ) : tab === 'health-checks' ? (
        <Later key={id} load={() => import('./health-checks.tsx')} props={{ hostId: id }} />
      ) : tab === 'images' ? (
        <Later key={id + tab} load={() => import('./images.tsx')} props={{ hostId: id }} />
      ) : tab === 'networks' ? (
        <Later key={id + tab} load={() => import('./networks.tsx')} props={{ hostId: id }} />
      ) : tab === 'volumes' ? (
        <Later key={id + tab} load={() => import('./volumes.tsx')} props={{ hostId: id }} />
      ) : (
        <Overview id={id} />
      )}
    </div>
  )
}

function Overview({ id }: { id: string }) {
  void version.value
  const host = hosts.value!.get(id)!
  const { registration } = host
  const live = host.connected ? figures.value.get(id) : undefined
  const own = [...containers.values()].filter(item => item.host_id === id).sort((a, b) => a.name.localeCompare(b.name))
  const facts: [string, string][] = [
    ['CPU', live ? percent(live.latest.cpu_percent) : '–'],
    ['Memory', live ? percent(live.latest.mem_percent) : '–'],
    ['Network', live ? bytes(live.latest.net_bytes_per_sec ?? 0) + '/s' : '–'],
    ['Load', live?.extended?.load_average?.map(value => value.toFixed(2)).join(' ') ?? '–'],
    ['System', registration.os_version ?? '–'],
    ['Kernel', registration.kernel_version ?? '–'],
    ['Docker', registration.docker_version ?? '–'],
    [
      'Size',
      [registration.num_cpus && registration.num_cpus + ' cores', registration.total_memory && bytes(registration.total_memory)].filter(Boolean).join(', ') ||
        '–',
    ],
    ['Registered', new Date(host.registered_at).toLocaleString()],
  ]
  return (
    <>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{visible(value)}</dd>
          </div>
        ))}
      </dl>
      {(live?.extended?.file_systems ?? []).map(item => (
        <p key={item.mount_point} class="disk wide-disk">
          <span>{visible(item.mount_point)}</span>
          <Meter value={(100 * item.used_bytes) / Math.max(1, item.total_bytes)} label={'disk ' + item.mount_point} />
          <span>
            {bytes(item.used_bytes)} of {bytes(item.total_bytes)}
          </span>
        </p>
      ))}
      <HostPolicy host={host} />
      <h2 class="above">
        Containers <small>{own.length}</small>
      </h2>
      <ul class="list">
        {own.map(item => (
          <li key={keyOf(item)}>
            <a href={to('containers', id, item.id)}>{visible(item.name)}</a>
            <State state={host.connected ? item.state : 'unknown'} health={item.health} />
            <span class="quiet">{shortImage(visible(item.image))}</span>
          </li>
        ))}
      </ul>
    </>
  )
}
