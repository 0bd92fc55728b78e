import type { ComponentChildren } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { query, setQuery, to } from '../app/router.ts'
import type { Action } from '../data/allowed.ts'
import { containers, version } from '../data/containers.ts'
import { matches, parseFilter } from '../data/filter.ts'
import { hosts } from '../data/hosts.ts'
import { ask, reason } from '../data/http.ts'
import { listen } from '../data/live.ts'
import type { Plan } from '../data/resources.ts'
import { useRead } from '../data/use-read.ts'
import { ActionButton } from '../parts/action-button.tsx'
import { FilterBox } from '../parts/filter-box.tsx'
import { Icon } from '../parts/icons.tsx'
import { PlanDialog } from '../parts/plan-dialog.tsx'
import { Table, type Column } from '../parts/table.tsx'
import { bytes, sentence, visible } from '../parts/text.ts'
import { say } from '../parts/toasts.tsx'

/** What images, networks and volumes have in common. */
export interface Resource {
  created: string
  containers: readonly { id: string; name: string }[]
  container_count: number
}

export interface Kind<Row extends Resource> {
  /** Last part of the address, here and in the API. */
  path: 'images' | 'networks' | 'volumes'
  one: string
  columns: (hostId: string) => readonly Column<Row>[]
  orders: Record<string, (row: Row) => string | number>
  keyOf: (row: Row) => string
  text: (row: Row) => string
  isUnused: (row: Row) => boolean
  /** More things to show only. */
  shows: readonly { name: string; title: string; is: (row: Row, hostId: string) => boolean }[]
  summary: (rows: readonly Row[]) => string
  /** The address of what is removed, with what Docker needs for it. */
  address: (id: string, row: Row | undefined) => string
  removing: { action: Action; plan: (chosen: readonly Row[]) => Plan; text: string }
  pruning: { action: Action; plan: (rows: readonly Row[]) => Plan; text: string }
  /** Whether data would go, so that a name has to be typed. */
  hasData: boolean
  tools?: (hostId: string) => ComponentChildren
}

interface Pruned {
  removed_count?: number
  space_reclaimed?: number
}

/** Links to those who use something. */
export function Users({ hostId, row }: { hostId: string; row: Resource }) {
  const hidden = row.container_count - row.containers.length
  if (row.container_count === 0) return <span class="quiet">nobody</span>
  return (
    <span class="users">
      {row.containers.map(user => {
        const full = fullId(hostId, user.id)
        return full ? (
          <a key={user.id} href={to('containers', hostId, full)}>
            {visible(user.name)}
          </a>
        ) : (
          <span key={user.id}>{visible(user.name)}</span>
        )
      })}
      {hidden > 0 && <span class="quiet">{hidden} hidden</span>}
    </span>
  )
}

/** A container of a host by the first characters of its id. */
export const fullId = (hostId: string, short: string): string | undefined => find(hostId, short)?.id

export const find = (hostId: string, short: string) => [...containers.values()].find(item => item.host_id === hostId && item.id.startsWith(short))

/** Images, networks or volumes of a host: who uses them, remove some, remove all that are unused. */
export function Resources<Row extends Resource>({ hostId, kind }: { hostId: string; kind: Kind<Row> }) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [asking, setAsking] = useState<'remove' | 'prune' | ''>('')
  const api = `/api${to('hosts', hostId, kind.path)}`
  const { value: rows, problem, again, now } = useRead<readonly Row[]>(api, hosts.value?.get(hostId)?.connected)
  void version.value

  useEffect(() => setChosen(old => new Set([...old].filter(key => rows?.some(row => kind.keyOf(row) === key)))), [rows])
  useEffect(() => {
    let timer = 0
    const stop = listen(event => {
      // Docker tells of containers only; who uses what follows from them.
      if (event.hostId !== hostId || event.name !== 'containers_changed') return
      timer ||= window.setTimeout(() => {
        timer = 0
        again()
      }, 2000)
    })
    return () => {
      stop()
      clearTimeout(timer)
    }
  }, [])

  const shows = [{ name: 'unused', title: 'Unused', is: (row: Row) => kind.isUnused(row) }, ...kind.shows]
  const show = query('show')
  const shown = useMemo(() => {
    const filter = parseFilter(query('q'), [])
    const order = kind.orders[query('sort') || 'name'] ?? kind.orders['name']!
    const way = query('order') === 'desc' ? -1 : 1
    const only = shows.find(item => item.name === show)
    return (rows ?? [])
      .filter(
        row => (!only || only.is(row, hostId)) && matches(filter, {}, (kind.text(row) + ' ' + row.containers.map(user => user.name).join(' ')).toLowerCase()),
      )
      .map(row => ({ row, by: order(row) }))
      .sort((a, b) => (a.by < b.by ? -way : a.by > b.by ? way : kind.keyOf(a.row) < kind.keyOf(b.row) ? -1 : 1))
      .map(item => item.row)
  }, [rows, query('q'), query('sort'), query('order'), show])

  const chosenRows = (all: readonly Row[]): Row[] => all.filter(row => chosen.has(kind.keyOf(row)))
  const title = kind.path[0]!.toUpperCase() + kind.path.slice(1)
  const count = (n: number): string => `${n} ${n === 1 ? kind.one : kind.path}`
  const remove = async (plan: Plan): Promise<void> => {
    const toast = say(`Removing ${count(plan.goes.length)}…`, 'busy')
    const failures: string[] = []
    for (const item of plan.goes) {
      try {
        await ask(
          'DELETE',
          api +
            '/' +
            kind.address(
              item.id,
              rows?.find(row => kind.keyOf(row) === item.id),
            ),
        )
      } catch (error) {
        failures.push(`${visible(item.name)}: ${reason(error)}`)
      }
    }
    const done = count(plan.goes.length - failures.length)
    if (failures.length === 0) toast.end(`Removed ${done}`, 'good')
    else toast.end(`Removed ${done}, ${failures.length} not. ${failures.slice(0, 3).join('; ')}`, 'bad')
    again()
  }
  const prune = async (plan: Plan): Promise<void> => {
    const toast = say(`Removing unused ${kind.path}…`, 'busy')
    try {
      const pruned = await ask<Pruned>('POST', api + '/prune')
      const freed = pruned.space_reclaimed === undefined || kind.path === 'networks' ? '' : `, ${bytes(pruned.space_reclaimed)} free again`
      const after = await now()
      const wanted = plan.goes.filter(item => !item.nameOnly).map(item => item.id)
      const left = wanted.filter(id => after.some(row => kind.keyOf(row) === id))
      if (left.length === 0) toast.end(`Removed ${count(pruned.removed_count ?? wanted.length)}${freed}`, 'good')
      else toast.end(`Removed ${count(pruned.removed_count ?? 0)}${freed}. Docker left ${left.slice(0, 5).map(visible).join(', ')}.`, 'bad')
    } catch (error) {
      toast.end(`Unused ${kind.path}: ${reason(error)}`, 'bad')
      again()
    }
  }

  const hostname = visible(hosts.value?.get(hostId)?.hostname ?? '')
  const close = (): void => setAsking('')
  return (
    <div class="resources">
      <div class="tools">
        <FilterBox label={'Filter ' + kind.path} placeholder="Filter: name, container" />
        <div class="ranges" role="group" aria-label="show">
          {[{ name: '', title: 'All', is: () => true }, ...shows].map(item => (
            <button key={item.name} type="button" aria-pressed={show === item.name} onClick={() => setQuery({ show: item.name })}>
              {item.title} <small>{(rows ?? []).filter(row => item.is(row, hostId)).length}</small>
            </button>
          ))}
        </div>
        <div class="bulk" role="toolbar" aria-label={kind.path}>
          {chosen.size > 0 && (
            <ActionButton does={kind.removing.action} host={hostId} class="danger" onRun={() => setAsking('remove')}>
              <Icon name="close" /> Remove {chosen.size}
            </ActionButton>
          )}
          {kind.tools?.(hostId)}
          <ActionButton does={kind.pruning.action} host={hostId} onRun={() => setAsking('prune')}>
            Prune…
          </ActionButton>
        </div>
      </div>
      {problem && (
        <p class="notice" role="alert">
          {sentence(problem)} {rows && 'What is shown was read before.'}
        </p>
      )}
      {rows && <p class="quiet sum">{kind.summary(rows)}</p>}
      <Table
        label={title}
        columns={kind.columns(hostId)}
        rows={shown}
        keyOf={kind.keyOf}
        sort={query('sort') || 'name'}
        descending={query('order') === 'desc'}
        onSort={(name, descending) => setQuery({ sort: name === 'name' ? '' : name, order: descending ? 'desc' : '' })}
        chosen={chosen}
        onChoose={setChosen}
        empty={
          !rows
            ? problem
              ? 'They cannot be read now.'
              : 'Asking the host…'
            : rows.length === 0
              ? `There are no ${kind.path}.`
              : `No ${kind.one} is like that.`
        }
      />
      {asking === 'remove' && (
        <PlanDialog
          title={`Remove ${count(chosen.size)}?`}
          text={kind.removing.text}
          action="Remove"
          plan={async () => kind.removing.plan(chosenRows(await now()))}
          {...(kind.hasData && { typed: (plan: Plan) => (plan.goes.length === 1 ? plan.goes[0]!.name : hostname) })}
          onClose={close}
          run={plan => void remove(plan)}
        />
      )}
      {asking === 'prune' && (
        <PlanDialog
          title={`Prune the ${kind.path} of ${hostname}?`}
          text={kind.pruning.text}
          action="Prune"
          plan={async () => kind.pruning.plan(await now())}
          {...(kind.hasData && { typed: () => hostname })}
          onClose={close}
          run={plan => void prune(plan)}
        />
      )}
    </div>
  )
}
