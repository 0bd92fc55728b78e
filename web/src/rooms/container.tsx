import { useEffect, useMemo } from 'preact/hooks'
import { navigate, path, to } from '../app/router.ts'
import { whyNot, type Action } from '../data/allowed.ts'
import { complete, containers, followFigures, keyOf, version, visibleFigures, type Container as Row } from '../data/containers.ts'
import { memoryLimit } from '../data/hosts.ts'
import { runningUpdate, successorOf } from '../data/operations.ts'
import { useRead } from '../data/use-read.ts'
import { keyOfLog } from '../logs/sources.ts'
import { act, actions } from '../parts/act.ts'
import { ActionButton, useBusy } from '../parts/action-button.tsx'
import { confirmed } from '../parts/confirm.tsx'
import { Icon } from '../parts/icons.tsx'
import { Later } from '../parts/later.tsx'
import { State } from '../parts/state.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { bytes, duration, percent, publishedPorts, sentence, visible } from '../parts/text.ts'
import { askUpdate } from '../updates/asked.ts'
import { UpdateMark } from '../updates/mark.tsx'

const tabs = ['overview', 'charts', 'logs', 'terminal', 'inspect'] as const

/** One container: what it is and does, its log, a shell in it. */
export function Container() {
  const [, hostId = '', id = '', tab = 'overview'] = path.value
  void version.value
  const row = containers.get(hostId + ':' + id)
  const successor = row ? undefined : successorOf(hostId, id)
  const moved = successor === undefined ? undefined : [...containers.values()].find(item => item.host_id === hostId && item.id.startsWith(successor))
  useEffect(() => {
    // An update made it anew: who looked at it goes on looking at it.
    if (moved) navigate(to('containers', hostId, moved.id, ...(tab === 'overview' ? [] : [tab])), true)
  }, [moved?.id])
  if (!row) {
    return (
      <div class="empty">
        <h1>{complete.value ? 'This container is not there' : 'One moment…'}</h1>
        {complete.value && (
          <p>
            It was removed, or made anew by an update: then it has another id. <a href="/containers">All containers</a>
          </p>
        )}
      </div>
    )
  }
  return (
    <div class="container">
      <header>
        <h1>{visible(row.name)}</h1>
        <State state={row.host_connected ? row.state : 'unknown'} health={row.health} />
        <p class="quiet">
          <a href={to('hosts', row.host_id)}>{visible(row.host)}</a> · {visible(row.image)}
          <UpdateMark row={row} />
        </p>
        <Actions row={row} />
      </header>
      <Tabs label="of this container" names={tabs} at={tab} address={to('containers', hostId, id)} />
      {tab === 'logs' ? (
        <Log key={id} row={row} />
      ) : tab === 'charts' ? (
        <Later key={id} load={() => import('./charts.tsx')} props={{ hostId, name: row.name }} />
      ) : tab === 'terminal' ? (
        <Shell hostId={hostId} id={id} />
      ) : tab === 'inspect' ? (
        <Inspect key={id} row={row} />
      ) : (
        <Overview row={row} />
      )}
    </div>
  )
}

function Log({ row }: { row: Row }) {
  const source = { key: keyOfLog(row), hostId: row.host_id, id: row.id, name: row.name, host: row.host, connected: row.host_connected }
  return <Later load={async () => ({ default: (await import('../logs/view.tsx')).LogView })} props={{ sources: [source], alone: true }} />
}

function Shell({ hostId, id }: { hostId: string; id: string }) {
  const why = whyNot('shell', hostId)
  return why ? <p class="notice">There is no shell here. {why}</p> : <Later key={id} load={() => import('./terminal.tsx')} props={{ hostId, id }} />
}

function Overview({ row }: { row: Row }) {
  const key = keyOf(row)
  useEffect(() => {
    const stop = new AbortController()
    followFigures([key], stop.signal)
    return () => stop.abort()
  }, [key])
  const figures = row.state === 'running' ? (visibleFigures.value.get(key) ?? row.figures) : undefined
  const limit = memoryLimit(row.host_id, figures?.memory_limit)
  const facts: [string, string][] = [
    ['State', row.status],
    ['Health', row.health || 'no health check'],
    ['Running for', row.state === 'running' && row.started_at ? duration((Date.now() - Date.parse(row.started_at)) / 1000) : '–'],
    ['CPU', figures?.cpu_percent === undefined ? '–' : percent(figures.cpu_percent)],
    ['Memory', figures?.memory_usage === undefined ? '–' : bytes(figures.memory_usage) + (limit ? ' of ' + bytes(limit) : '')],
    ['Network', figures?.network_rx === undefined ? '–' : `${bytes(figures.network_rx)} received, ${bytes(figures.network_tx ?? 0)} sent`],
    ['Disk', figures?.disk_read === undefined ? '–' : `${bytes(figures.disk_read)} read, ${bytes(figures.disk_write ?? 0)} written`],
    ['Ports', publishedPorts(row.ports) || 'none published'],
    ['Stack', row.project ? `${row.project} / ${row.service}` : '–'],
    ['Image', row.image],
    ['Created', new Date(row.created).toLocaleString()],
    ['Id', row.id],
  ]
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{visible(value)}</dd>
        </div>
      ))}
    </dl>
  )
}

function Inspect({ row }: { row: Row }) {
  // What changes the state changes the object, too.
  const { value, problem } = useRead<unknown>(`/api${to('hosts', row.host_id, 'containers', row.id)}`, `${row.host_connected} ${row.state} ${row.name}`)
  const text = useMemo(() => JSON.stringify(value, null, 2), [value])
  return (
    <>
      {problem && (
        <p class="notice" role="alert">
          {sentence(problem)} {value !== undefined && 'What is shown was read before.'}
        </p>
      )}
      <pre class="inspect" tabIndex={0} aria-label="Docker's inspect object">
        {text ?? (problem ? 'It cannot be read now.' : 'Asking the host…')}
      </pre>
    </>
  )
}

function Actions({ row }: { row: Row }) {
  const [busy, during] = useBusy()
  const run = async (action: Action, title: string): Promise<void> => {
    const done = await during(action, () => act(row, action, title))
    if (done && action === 'remove') navigate('/containers')
  }
  const remove = async (): Promise<void> => {
    const yes = await confirmed({
      title: `Remove ${visible(row.name)}?`,
      action: 'Remove',
      text: 'The container and what was written inside of it will be gone. Its volumes and its image stay.',
    })
    if (yes) await run('remove', 'Remove')
  }
  return (
    <div class="actions" role="toolbar" aria-label="actions">
      {actions
        .filter(item => item.when(row.state))
        .map(({ action, title, icon }) => (
          <ActionButton key={action} does={action} host={row.host_id} busy={busy.includes(action)} onRun={() => void run(action, title)}>
            <Icon name={icon} /> {title}
          </ActionButton>
        ))}
      <ActionButton
        does="update_container"
        host={row.host_id}
        why={runningUpdate(keyOf(row)) ? 'It is being updated.' : ''}
        onRun={() => askUpdate([keyOf(row)])}
      >
        <Icon name="update" /> Update…
      </ActionButton>
      {row.state !== 'running' && (
        <ActionButton does="remove" host={row.host_id} class="danger" busy={busy.includes('remove')} onRun={() => void remove()}>
          <Icon name="close" /> Remove
        </ActionButton>
      )}
    </div>
  )
}
