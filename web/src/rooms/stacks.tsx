import { useComputed } from '@preact/signals'
import { useEffect, useLayoutEffect } from 'preact/hooks'
import { addShortcuts } from '../app/keys.ts'
import { navigate, query, setQuery, to } from '../app/router.ts'
import { whyNot } from '../data/allowed.ts'
import { complete } from '../data/containers.ts'
import { matches, parseFilter } from '../data/filter.ts'
import { hosts } from '../data/hosts.ts'
import { followStacks, managed, stackKey, stacks, type Stack } from '../data/stacks.ts'
import { ActionButton } from '../parts/action-button.tsx'
import { FilterBox } from '../parts/filter-box.tsx'
import { Table, type Column } from '../parts/table.tsx'
import { visible } from '../parts/text.ts'
import { drafts } from '../stacks/drafts.ts'

const filesOf = (stack: Stack): string => (stack.managed ? 'this hub' : 'the host')

const keyOf = (stack: Stack): string => stackKey(stack.hostId, stack.name)

const columns: readonly Column<Stack>[] = [
  {
    name: 'name',
    title: 'Name',
    cell: stack => (
      <>
        <a href={to('stacks', stack.hostId, stack.name)} title={stack.name}>
          {visible(stack.name)}
        </a>
        {drafts.value.get(keyOf(stack)) && <span class="tag edited">edited</span>}
      </>
    ),
  },
  { name: 'state', title: 'State', width: '9.5rem', cell: stack => <span class={'state ' + stack.kind}>{stack.word}</span> },
  { name: 'services', title: 'Services', width: '6.5rem', right: true, cell: stack => (stack.services > 0 ? `${stack.running} of ${stack.services}` : '–') },
  { name: 'host', title: 'Host', width: '14rem', wide: true, cell: stack => <a href={to('hosts', stack.hostId)}>{visible(stack.host)}</a> },
  { name: 'files', title: 'Files', width: '9rem', wide: true, cell: stack => <span class={stack.managed ? '' : 'quiet'}>{filesOf(stack)}</span> },
]

const orders: Record<string, (stack: Stack) => string | number> = {
  name: stack => stack.name.toLowerCase(),
  state: stack => ['bad', 'warn', 'idle', 'good'].indexOf(stack.kind),
  services: stack => stack.services,
  host: stack => stack.host.toLowerCase(),
  files: filesOf,
}

/** All stacks of all hosts. */
export default function Stacks() {
  useEffect(followStacks, [])
  const why = whyNot('deploy_compose') || (hosts.value?.size === 0 ? 'There is no host yet.' : '')
  useLayoutEffect(() => (why ? undefined : addShortcuts([{ key: 'n', does: 'new stack', run: () => navigate('/stacks/new') }])), [why])
  const rows = useComputed(() => {
    const filter = parseFilter(query('q'), ['name', 'host', 'state', 'files'])
    const order = orders[query('sort') || 'name'] ?? orders['name']!
    const way = query('order') === 'desc' ? -1 : 1
    return [...stacks.value.values()]
      .filter(stack =>
        matches(
          filter,
          { name: stack.name, host: stack.host, state: stack.word, files: filesOf(stack) },
          `${stack.name} ${stack.host} ${stack.word} ${stack.containers.map(container => container.service).join(' ')}`.toLowerCase(),
        ),
      )
      .map(stack => ({ stack, by: order(stack) }))
      .sort((a, b) => (a.by < b.by ? -way : a.by > b.by ? way : keyOf(a.stack) < keyOf(b.stack) ? -1 : 1))
      .map(item => item.stack)
  })
  return (
    <div class="containers">
      <div class="head">
        <h1>
          Stacks <small>{rows.value.length}</small>
        </h1>
        <ActionButton does="deploy_compose" why={why} class="primary" onRun={() => navigate('/stacks/new')}>
          New stack
        </ActionButton>
      </div>
      <div class="tools">
        <FilterBox label="Filter stacks" placeholder="Filter: shop host:nas state:stopped -files:hub" />
      </div>
      <Table
        label="Stacks"
        columns={columns}
        rows={rows.value}
        keyOf={keyOf}
        sort={query('sort') || 'name'}
        descending={query('order') === 'desc'}
        onSort={(name, descending) => setQuery({ sort: name === 'name' ? '' : name, order: descending ? 'desc' : '' })}
        onOpen={stack => navigate(to('stacks', stack.hostId, stack.name))}
        empty={
          !complete.value || !managed.value
            ? 'Reading the stacks…'
            : stacks.value.size === 0
              ? 'There are no stacks yet: what compose has started on a host is here, and what you deploy.'
              : 'No stack is like that.'
        }
      />
    </div>
  )
}
