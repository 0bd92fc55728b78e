import { useEffect, useState } from 'preact/hooks'
import { navigate, path, query, setQuery, to } from '../app/router.ts'
import { matches, parseFilter } from '../data/filter.ts'
import { hosts } from '../data/hosts.ts'
import { reason } from '../data/http.ts'
import { operations, readOperation, type Operation } from '../data/operations.ts'
import { Age, now } from '../parts/age.tsx'
import { FilterBox } from '../parts/filter-box.tsx'
import { Table, type Column } from '../parts/table.tsx'
import { duration, shortImage, visible } from '../parts/text.ts'
import { Outcome, Progress } from '../updates/progress.tsx'
import { outcomeOf } from '../updates/steps.ts'

const kinds: Record<string, string> = { update: 'Update', deploy: 'Deploy', down: 'Take down', remove: 'Remove' }

const hostOf = (item: Operation): string => visible(hosts.value?.get(item.host_id)?.hostname ?? item.host_id)

const columns: readonly Column<Operation>[] = [
  {
    name: 'name',
    title: 'Of',
    sortable: false,
    cell: item => <a href={to('operations', item.id)}>{visible(item.name)}</a>,
  },
  { name: 'kind', title: 'What', width: '7rem', sortable: false, wide: true, cell: item => kinds[item.kind] ?? item.kind },
  { name: 'outcome', title: 'How', width: '15rem', sortable: false, cell: item => <Outcome operation={item} /> },
  { name: 'host', title: 'Host', width: '11rem', wide: true, sortable: false, cell: item => <a href={to('hosts', item.host_id)}>{hostOf(item)}</a> },
  { name: 'image', title: 'Image', wide: true, sortable: false, cell: item => <span title={item.image}>{shortImage(visible(item.image))}</span> },
  { name: 'started', title: 'Ago', width: '5rem', right: true, sortable: false, cell: item => <Age of={item.started_at} /> },
]

/** Updates and deployments, those that run and those that have ended. */
export default function Operations() {
  const [, id] = path.value
  const filter = parseFilter(query('q'), ['kind', 'host', 'state'])
  const shown = [...operations.value.values()].filter(item =>
    matches(
      filter,
      { kind: item.kind, host: hostOf(item), state: item.state },
      `${item.name} ${item.image} ${hostOf(item)} ${item.kind} ${outcomeOf(item)[0]} ${item.error}`.toLowerCase(),
    ),
  )
  if (id) return <One key={id} id={id} />
  const running = shown.filter(item => item.state === 'running').length
  return (
    <div class="containers">
      <h1>
        Operations <small>{running} running</small>
      </h1>
      <div class="tools">
        <FilterBox label="Filter operations" placeholder="Filter: web kind:update state:failed host:nas" />
      </div>
      <Table
        label="Operations"
        columns={columns}
        rows={shown}
        keyOf={item => item.id}
        sort=""
        descending={false}
        onSort={name => setQuery({ sort: name })}
        onOpen={item => navigate(to('operations', item.id))}
        empty="Updates and deployments of the last 30 days are shown here."
      />
    </div>
  )
}

function One({ id }: { id: string }) {
  const [problem, setProblem] = useState('')
  useEffect(() => {
    readOperation(id).catch((error: unknown) => setProblem(reason(error)))
  }, [])
  const item = operations.value.get(id)
  if (!item) {
    return (
      <div class="empty">
        <h1>{problem ? 'This operation is not there' : 'One moment…'}</h1>
        {problem && (
          <p>
            {problem}. <a href="/operations">All operations</a>
          </p>
        )}
      </div>
    )
  }
  const end = item.state === 'running' ? now.value : Date.parse(item.changed_at)
  return (
    <div class="operation">
      <header class="head">
        <h1>
          {kinds[item.kind] ?? item.kind} {visible(item.name)}
        </h1>
        <Outcome operation={item} />
      </header>
      <p class="quiet">
        <a href={to('hosts', item.host_id)}>{hostOf(item)}</a> · {new Date(item.started_at).toLocaleString()}, for{' '}
        {duration((end - Date.parse(item.started_at)) / 1000)}
        {item.image && ' · to ' + visible(item.image)}
      </p>
      {item.kind === 'update' ? <Progress operation={item} /> : <p>{visible(item.error || item.message)}</p>}
      {item.steps.length > 0 && (
        <>
          <h2 class="above">What the agent told</h2>
          <ul class="timeline">
            {item.steps.map((step, index) => (
              <li key={index}>
                <time dateTime={step.at}>{new Date(step.at).toLocaleTimeString()}</time>
                <span>{visible(step.stage)}</span>
                <span class="quiet">{visible(step.message)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      <p class="above">
        <a href="/operations">All operations</a>
      </p>
    </div>
  )
}
