import { type ReadonlySignal, useComputed } from '@preact/signals'
import { useRef, useState } from 'preact/hooks'
import { query, to } from '../app/router.ts'
import { containers, keyOf, version } from '../data/containers.ts'
import { matches, parseFilter } from '../data/filter.ts'
import { figures, hosts, type Host, type HostLive } from '../data/hosts.ts'
import { ActionButton } from '../parts/action-button.tsx'
import { available } from '../data/updates.ts'
import { Age } from '../parts/age.tsx'
import { FilterBox } from '../parts/filter-box.tsx'
import { Icon } from '../parts/icons.tsx'
import { useInView } from '../parts/in-view.ts'
import { Meter, Spark } from '../parts/spark.tsx'
import { bytes, duration, percent, visible } from '../parts/text.ts'
import { AddHost } from './add-host.tsx'

/** What is known of a host's containers. */
interface Count {
  running: number
  all: number
  unhealthy: number
  restarting: number
  updates: number
}

const byName = new Intl.Collator(undefined, { numeric: true })

const none: Count = { running: 0, all: 0, unhealthy: 0, restarting: 0, updates: 0 }

/** Hosts: what needs attention first, then all of them as cards. */
export function Hosts() {
  const counts = useComputed(() => {
    void version.value
    const found = new Map<string, Count>()
    for (const item of containers.values()) {
      const count = found.get(item.host_id) ?? { ...none }
      count.all++
      if (item.state === 'running') count.running++
      if (item.state === 'running' && item.health === 'unhealthy') count.unhealthy++
      if (item.state === 'restarting') count.restarting++
      if (available.value.has(keyOf(item))) count.updates++
      found.set(item.host_id, count)
    }
    return found
  })
  const ordered = useComputed(() => [...(hosts.value?.values() ?? [])].sort((a, b) => byName.compare(a.hostname, b.hostname)))
  const [adding, setAdding] = useState(false)

  if (!hosts.value) return <p class="quiet">Reading the hosts…</p>
  const all = ordered.value
  const filter = parseFilter(query('q'), ['tag', 'state', 'version'])
  const shown = all.filter(host =>
    matches(
      filter,
      { tag: (host.tags ?? []).join(' '), state: host.connected ? 'online' : 'offline', version: host.registration.version ?? '' },
      [host.hostname, ...(host.tags ?? []), host.registration.os_version ?? '', host.registration.version ?? ''].join(' ').toLowerCase(),
    ),
  )

  return (
    <div class="hosts">
      <header class="head">
        <h1>
          Hosts{' '}
          <small>
            {all.filter(host => host.connected).length} of {all.length} online
          </small>
        </h1>
        <ActionButton does="add_host" onRun={() => setAdding(true)}>
          Add a host
        </ActionButton>
      </header>
      {adding && <AddHost onClose={() => setAdding(false)} />}
      <Attention hosts={all} counts={counts} />
      {all.length === 0 ? (
        <div class="empty">
          <h2>No hosts yet</h2>
          <p>Add the first one: it takes one command on the host.</p>
          <ActionButton does="add_host" class="primary" onRun={() => setAdding(true)}>
            Add the first host
          </ActionButton>
        </div>
      ) : (
        <>
          <FilterBox label="Search hosts" placeholder="Search: name, tag:production, state:offline" />
          <ul class="cards">
            {shown.map(host => {
              const { running, all: total } = counts.value.get(host.id) ?? none
              return <Card key={host.id} host={host} running={running} stopped={total - running} />
            })}
          </ul>
          {shown.length === 0 && <p class="quiet">No host is like that.</p>}
        </>
      )}
    </div>
  )
}

/** What is wrong anywhere. By itself, because it alone looks at the figures of all hosts each second. */
function Attention({ hosts: all, counts }: { hosts: readonly Host[]; counts: ReadonlySignal<ReadonlyMap<string, Count>> }) {
  const troubles = all.flatMap(host => troublesOf(host, figures.value.get(host.id), counts.value.get(host.id) ?? none))
  if (troubles.length === 0) return null
  return (
    <section aria-labelledby="attention" class="attention">
      <h2 id="attention">
        <Icon name="warn" /> Needs attention
      </h2>
      <ul>
        {troubles.slice(0, 12).map(trouble => (
          <li key={trouble.host.id + trouble.text} class={trouble.kind}>
            <a href={trouble.link}>{visible(trouble.host.hostname)}</a>
            <span>{trouble.text}</span>
          </li>
        ))}
      </ul>
      {troubles.length > 12 && <p class="quiet">and {troubles.length - 12} more</p>}
    </section>
  )
}

function Card({ host, running, stopped }: { host: Host; running: number; stopped: number }) {
  const [element, inView] = useInView<HTMLLIElement>()
  const seen = useRef(false)
  seen.current ||= inView.value
  return (
    <li ref={element} class={'card ' + (host.connected ? '' : 'offline ') + (seen.current ? '' : 'unseen')}>
      <h2>
        <a href={to('hosts', host.id)}>{visible(host.hostname)}</a>
        <span class={'state ' + (host.connected ? 'good' : 'bad')}>
          {host.connected ? (
            'online'
          ) : (
            <>
              offline <Age of={host.last_seen} />
            </>
          )}
        </span>
      </h2>
      {seen.current && <CardBody host={host} running={running} stopped={stopped} inView={inView} />}
    </li>
  )
}

/** What a card has below the name: made when it first comes into view, for there may be hundreds that never do. */
function CardBody({ host, running, stopped, inView }: { host: Host; running: number; stopped: number; inView: ReadonlySignal<boolean> }) {
  const live = useComputed(() => (inView.value ? figures.value : figures.peek()).get(host.id))
  const figure = host.connected ? live.value : undefined
  const disk = fullest(figure)
  const memory = host.registration.total_memory
  return (
    <>
      <p class="quiet">
        {[
          host.registration.os_version,
          host.registration.docker_version && 'Docker ' + host.registration.docker_version,
          host.registration.num_cpus && host.registration.num_cpus + ' cores',
          memory && bytes(memory),
        ]
          .filter(Boolean)
          .map(String)
          .map(visible)
          .join(' · ')}
      </p>
      <dl>
        <div>
          <dt>CPU</dt>
          <dd>{figure ? percent(figure.latest.cpu_percent) : '–'}</dd>
          <Spark values={figure?.cpu ?? []} top={100} />
        </div>
        <div>
          <dt>Memory</dt>
          <dd>{figure ? percent(figure.latest.mem_percent) : '–'}</dd>
          <Spark values={figure?.memory ?? []} top={100} />
        </div>
        <div>
          <dt>Network</dt>
          <dd>{figure ? bytes(figure.latest.net_bytes_per_sec ?? 0) + '/s' : '–'}</dd>
          <Spark values={figure?.network ?? []} />
        </div>
      </dl>
      {disk && (
        <p class="disk">
          <span>{visible(disk.mount_point)}</span>
          <Meter value={disk.percent} label={'disk ' + visible(disk.mount_point)} />
          <span>{percent(disk.percent)}</span>
        </p>
      )}
      <p class="foot">
        <a href={`/containers?q=${encodeURIComponent(`host:"${host.hostname}"`)}`}>
          {running} running{stopped > 0 ? `, ${stopped} not` : ''}
        </a>
        {(host.tags ?? []).map(tag => (
          <span key={tag} class="tag">
            {visible(tag)}
          </span>
        ))}
      </p>
    </>
  )
}

/** The file system with the least space left. */
function fullest(live: HostLive | undefined): { mount_point: string; percent: number } | undefined {
  return (live?.extended?.file_systems ?? [])
    .filter(item => item.total_bytes > 0)
    .map(item => ({ mount_point: item.mount_point, percent: (100 * item.used_bytes) / item.total_bytes }))
    .sort((a, b) => b.percent - a.percent)[0]
}

interface Trouble {
  host: Host
  text: string
  kind: 'bad' | 'warn'
  link: string
}

function troublesOf(host: Host, live: HostLive | undefined, count: Count): Trouble[] {
  const found: Trouble[] = []
  const containersOf = (state: string): string => `/containers?q=${encodeURIComponent(`host:"${host.hostname}" ${state}`)}`
  const add = (text: string, kind: Trouble['kind'], link = to('hosts', host.id)): void => {
    found.push({ host, text, kind, link })
  }
  if (!host.connected) add(`offline for ${duration((Date.now() - Date.parse(host.last_seen)) / 1000)}`, 'bad')
  if (count.unhealthy) add(`${count.unhealthy} unhealthy`, 'bad', containersOf('health:unhealthy'))
  if (count.restarting) add(`${count.restarting} restarting again and again`, 'bad', containersOf('state:restarting'))
  if (count.updates) add(`${count.updates} ${count.updates === 1 ? 'update' : 'updates'} available`, 'warn', containersOf('update:available'))
  const disk = fullest(live)
  if (disk && disk.percent >= 90) add(`${visible(disk.mount_point)} is ${percent(disk.percent)} full`, disk.percent >= 95 ? 'bad' : 'warn')
  return found
}
