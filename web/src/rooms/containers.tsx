import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { addShortcuts } from '../app/keys.ts'
import { navigate, query, setQuery, to } from '../app/router.ts'
import { whyNot, type Action } from '../data/allowed.ts'
import { complete, containerFields, containers, followFigures, keyOf, MOST, version, visibleFigures, type Container, type Figures } from '../data/containers.ts'
import { matches, parseFilter } from '../data/filter.ts'
import { ask, reason } from '../data/http.ts'
import { logsOf } from '../logs/sources.ts'
import { ActionButton } from '../parts/action-button.tsx'
import { confirmed } from '../parts/confirm.tsx'
import { available, updates, updateWord } from '../data/updates.ts'
import { FilterBox } from '../parts/filter-box.tsx'
import { Icon, type IconName } from '../parts/icons.tsx'
import { State } from '../parts/state.tsx'
import { Table, type Column } from '../parts/table.tsx'
import { bytes, duration, percent, publishedPorts, shortImage, visible } from '../parts/text.ts'
import { say } from '../parts/toasts.tsx'
import { askUpdate } from '../updates/asked.ts'
import { CheckNow } from '../updates/check-now.tsx'
import { UpdateMark } from '../updates/mark.tsx'

/** What a filter may name: members of a container, and whether there is an update. */
const fields = [...containerFields, 'update']

const figuresOf = (row: Container): Figures | null | undefined => visibleFigures.value.get(keyOf(row)) ?? row.figures

const CpuCell = ({ row }: { row: Container }) => (
  <>{row.state === 'running' && figuresOf(row)?.cpu_percent !== undefined ? percent(figuresOf(row)!.cpu_percent!) : '–'}</>
)

const MemoryCell = ({ row }: { row: Container }) => (
  <>{row.state === 'running' && figuresOf(row)?.memory_usage !== undefined ? bytes(figuresOf(row)!.memory_usage!) : '–'}</>
)

const ImageCell = ({ row }: { row: Container }) => (
  <span class="image-cell">
    <span title={row.image}>{shortImage(visible(row.image))}</span>
    <UpdateMark row={row} />
  </span>
)

const columns: readonly Column<Container>[] = [
  {
    name: 'name',
    title: 'Name',
    cell: row => (
      <a href={to('containers', row.host_id, row.id)} title={row.name}>
        {visible(row.name)}
      </a>
    ),
  },
  { name: 'state', title: 'State', width: '8.5rem', cell: row => <State state={row.host_connected ? row.state : 'unknown'} health={row.health} /> },
  { name: 'host', title: 'Host', width: '11rem', wide: true, cell: row => <a href={to('hosts', row.host_id)}>{visible(row.host)}</a> },
  { name: 'image', title: 'Image', wide: true, cell: row => <ImageCell row={row} /> },
  {
    name: 'project',
    title: 'Stack',
    width: '9rem',
    wide: true,
    cell: row => row.project && <a href={to('stacks', row.host_id, row.project)}>{visible(row.project)}</a>,
  },
  { name: 'ports', title: 'Ports', width: '8rem', wide: true, sortable: false, cell: row => publishedPorts(row.ports) },
  {
    name: 'started',
    title: 'Since',
    width: '5rem',
    right: true,
    wide: true,
    // When one that has ended did so, is not known.
    cell: row => (row.started_at && row.state !== 'exited' ? duration((Date.now() - Date.parse(row.started_at)) / 1000) : ''),
  },
  { name: 'cpu', title: 'CPU', width: '5rem', right: true, cell: row => <CpuCell row={row} /> },
  { name: 'memory', title: 'Memory', width: '6rem', right: true, wide: true, cell: row => <MemoryCell row={row} /> },
]

const orders: Record<string, (row: Container) => string | number> = {
  name: row => row.name.toLowerCase(),
  state: row => row.state + row.health,
  host: row => row.host.toLowerCase(),
  image: row => row.image,
  project: row => row.project,
  started: row => row.started_at,
  cpu: row => figuresOf(row)?.cpu_percent ?? -1,
  memory: row => figuresOf(row)?.memory_usage ?? -1,
}

/** All containers of all hosts in one table. */
export function Containers() {
  const chosen = useSignal<ReadonlySet<string>>(new Set())
  useLayoutEffect(
    () =>
      addShortcuts([
        {
          key: 'Escape',
          does: 'choose none',
          run: () => {
            chosen.value = new Set()
          },
        },
      ]),
    [],
  )

  const rows = useComputed(() => {
    void version.value
    const filter = parseFilter(query('q'), fields)
    const asked = filter.fields.some(([name]) => name === 'update')
    const order = orders[query('sort') || 'name'] ?? orders['name']!
    const way = query('order') === 'desc' ? -1 : 1
    const keyed = [...containers.values()]
      .filter(row => matches(filter, asked ? { ...row, update: updateWord(updates.value.get(keyOf(row))) } : row, row.text))
      .map(row => ({ row, by: order(row) }))
    keyed.sort((a, b) => (a.by < b.by ? -way : a.by > b.by ? way : a.row.id < b.row.id ? -1 : 1))
    return keyed.map(item => item.row)
  })

  useEffect(() => {
    // What was removed, or made anew by an update, is chosen no more.
    const left = [...chosen.value].filter(key => containers.has(key))
    if (left.length < chosen.value.size) chosen.value = new Set(left)
  }, [version.value])

  const following = useRef<{ timer: number; now?: AbortController | undefined; next?: AbortController | undefined }>({ timer: 0 })
  const onView = (view: readonly Container[]): void => {
    const streams = following.current
    clearTimeout(streams.timer)
    // Whoever scrolls past needs no figures. Those before go on until the new ones have begun.
    streams.timer = window.setTimeout(() => {
      streams.next?.abort()
      const next = new AbortController()
      streams.next = next
      followFigures(view.filter(row => row.state === 'running').map(keyOf), next.signal, () => {
        if (streams.now === next) return
        streams.now?.abort()
        streams.now = next
        streams.next = undefined
      })
    }, 300)
  }
  useEffect(
    () => () => {
      const { timer, now, next } = following.current
      clearTimeout(timer)
      now?.abort()
      next?.abort()
    },
    [],
  )

  const waiting = available.value.size === 0 ? 0 : rows.value.reduce((sum, row) => sum + (available.value.has(keyOf(row)) ? 1 : 0), 0)
  const running = rows.value.reduce((sum, row) => sum + (row.state === 'running' ? 1 : 0), 0)
  return (
    <div class="containers">
      <h1>
        Containers{' '}
        <small>
          {running} running{rows.value.length > running ? `, ${rows.value.length - running} not` : ''}
          {waiting > 0 && (
            <>
              {', '}
              <a href={`/containers?q=${encodeURIComponent(`${query('q')} update:available`.trim())}`}>{waiting} with an update</a>
            </>
          )}
        </small>
      </h1>
      <div class="tools">
        <FilterBox label="Filter containers" placeholder="Filter: web state:running host:nas -image:postgres" />
        {chosen.value.size === 0 && <CheckNow rows={rows.value} />}
        {chosen.value.size > 0 && <Bulk chosen={chosen.value} />}
      </div>
      {containers.size >= MOST && <p class="notice">Only the first {MOST} containers are here.</p>}
      <Table
        label="Containers"
        columns={columns}
        rows={rows.value}
        keyOf={keyOf}
        sort={query('sort') || 'name'}
        descending={query('order') === 'desc'}
        onSort={(name, descending) => setQuery({ sort: name === 'name' ? '' : name, order: descending ? 'desc' : '' })}
        onOpen={row => navigate(to('containers', row.host_id, row.id))}
        chosen={chosen.value}
        onChoose={next => {
          chosen.value = next
        }}
        onView={onView}
        empty={!complete.value ? 'Reading the containers…' : containers.size === 0 ? 'There are no containers yet.' : 'No container is like that.'}
      />
    </div>
  )
}

const actions: readonly { action: 'start' | 'stop' | 'restart'; title: string; icon: IconName }[] = [
  { action: 'start', title: 'Start', icon: 'start' },
  { action: 'stop', title: 'Stop', icon: 'stop' },
  { action: 'restart', title: 'Restart', icon: 'restart' },
]

/** At most this many requests at a time from this page. */
const AT_ONCE = 6

/** Starts, stops or restarts what is chosen, which stays so: one may want it back. */
function Bulk({ chosen }: { chosen: ReadonlySet<string> }) {
  const run = async (action: string, title: string): Promise<void> => {
    const rows = [...chosen].map(key => containers.get(key)).filter(row => row !== undefined)
    const what = rows.length === 1 ? visible(rows[0]!.name) : `${rows.length} containers`
    const on = new Set(rows.map(row => row.host_id)).size
    if (action !== 'start' && rows.length > 1) {
      const names = rows.slice(0, 5).map(row => visible(row.name))
      const text = `${names.join(', ')}${rows.length > 5 ? ` and ${rows.length - 5} more` : ''}, on ${on === 1 ? visible(rows[0]!.host) : on + ' hosts'}.`
      if (!(await confirmed({ title: `${title} ${what}?`, text, action: title, undoable: true }))) return
    }
    const toast = say(`${title}: ${what}…`, 'busy')
    const failures: string[] = []
    const waiting = [...rows]
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let row = waiting.shift(); row; row = waiting.shift()) {
          try {
            await ask('POST', `/api${to('hosts', row.host_id, 'containers', row.id, action)}`)
          } catch (error) {
            failures.push(`${visible(row.name)}: ${reason(error)}`)
          }
        }
      }),
    )
    if (failures.length === 0) toast.end(`${title}: ${rows.length} done`, 'good')
    else toast.end(`${title}: ${rows.length - failures.length} done, ${failures.length} not. ${failures.slice(0, 3).join('; ')}`, 'bad')
  }
  const hostIds = [...new Set([...chosen].map(key => key.slice(0, key.indexOf(':'))))]
  // Where some of the hosts allow it, it is done there, and the others are told with the end.
  const whyOf = (action: Action): string => {
    const reasons = hostIds.map(id => whyNot(action, id))
    return reasons.every(Boolean) ? (reasons[0] ?? '') : ''
  }
  return (
    <div class="bulk" role="toolbar" aria-label={`${chosen.size} chosen`}>
      <span>{chosen.size} chosen</span>
      {actions.map(({ action, title, icon }) => (
        <ActionButton key={action} does={action} why={whyOf(action)} onRun={() => void run(action, title)}>
          <Icon name={icon} /> {title}
        </ActionButton>
      ))}
      <button type="button" onClick={() => navigate(logsOf([...chosen].map(key => containers.get(key)).filter(row => row !== undefined)))}>
        <Icon name="logs" /> Logs
      </button>
      <ActionButton does="update_container" why={whyOf('update_container')} onRun={() => askUpdate([...chosen])}>
        <Icon name="update" /> Update…
      </ActionButton>
    </div>
  )
}
