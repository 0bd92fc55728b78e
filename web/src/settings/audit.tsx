import { useEffect, useState } from 'preact/hooks'
import { query, setQuery, to } from '../app/router.ts'
import { hosts } from '../data/hosts.ts'
import { get, reason } from '../data/http.ts'
import type { Schema } from '../data/schema.ts'
import { Sheet } from '../parts/sheet.tsx'
import { duration, sentence, visible } from '../parts/text.ts'

type Entry = Schema<'AuditEntry'>

const PAGE = 100

const fields = ['who', 'action', 'host_id', 'from', 'to'] as const

/** The filter of the address as the API wants it: days are whole ones, as the clock of whoever looks has them. */
export function auditQuery(value: (name: string) => string): URLSearchParams {
  const wanted = new URLSearchParams()
  for (const name of fields) {
    const text = value(name)
    if (!text) continue
    if (name === 'from') wanted.set(name, new Date(text + 'T00:00:00').toISOString())
    else if (name === 'to') {
      const day = new Date(text + 'T00:00:00')
      day.setDate(day.getDate() + 1)
      wanted.set(name, day.toISOString())
    } else wanted.set(name, text)
  }
  return wanted
}

/** How an entry ended. */
export function outcomeOf(entry: Entry): { text: string; kind: 'good' | 'bad' | 'warn' | 'idle' } {
  if (entry.outcome === 'ok') return { text: 'ok', kind: 'good' }
  if (!entry.outcome) return { text: 'goes on, or the hub ended meanwhile', kind: 'idle' }
  return { text: entry.outcome, kind: entry.outcome.startsWith('refused') ? 'warn' : 'bad' }
}

/** Who did what: newest first, older ones when they are asked for. */
export function Audit() {
  const wanted = auditQuery(query).toString()
  const [list, setList] = useState<{ wanted: string; entries: Entry[]; more: boolean }>()
  const [problem, setProblem] = useState('')
  const read = async (known: Entry[], signal?: AbortSignal): Promise<void> => {
    const before = known.at(-1)?.id
    const address = `/api/audit?limit=${PAGE}${before === undefined ? '' : '&before=' + before}${wanted && '&' + wanted}`
    try {
      const found = await get<Entry[]>(address, signal)
      setList({ wanted, entries: [...known, ...found], more: found.length === PAGE })
      setProblem('')
    } catch (error) {
      if (!signal?.aborted) setProblem(sentence(reason(error)))
    }
  }
  useEffect(() => {
    const stop = new AbortController()
    void read([], stop.signal)
    return () => stop.abort()
  }, [wanted])
  const entries = list?.entries ?? []
  return (
    <section aria-labelledby="audit">
      <header class="head">
        <h2 id="audit">Audit</h2>
        <a class="button" href={'/api/audit/export' + (wanted && '?' + wanted)} download="audit.jsonl">
          Export
        </a>
      </header>
      <div class="filters" role="search" aria-label="of the audit">
        <label>
          Who
          <input
            type="search"
            placeholder="user anna"
            spellcheck={false}
            value={query('who')}
            onChange={event => setQuery({ who: event.currentTarget.value })}
          />
        </label>
        <label>
          Action begins with
          <input
            type="search"
            placeholder="POST, sign in"
            spellcheck={false}
            value={query('action')}
            onChange={event => setQuery({ action: event.currentTarget.value })}
          />
        </label>
        <label>
          Host
          <select value={query('host_id')} onChange={event => setQuery({ host_id: event.currentTarget.value })}>
            <option value="">all</option>
            {[...(hosts.value?.values() ?? [])].map(host => (
              <option key={host.id} value={host.id}>
                {visible(host.hostname)}
              </option>
            ))}
          </select>
        </label>
        <label>
          From
          <input type="date" value={query('from')} onChange={event => setQuery({ from: event.currentTarget.value })} />
        </label>
        <label>
          To
          <input type="date" value={query('to')} onChange={event => setQuery({ to: event.currentTarget.value })} />
        </label>
      </div>
      {problem && <p class="notice">{problem}</p>}
      <Sheet
        columns={['When', 'Who', { wide: 'From' }, 'What', 'Outcome']}
        class="audit"
        note={list && entries.length === 0 && <p class="empty">Nothing is recorded that is like that.</p>}
      >
        {entries.map(entry => (
          <Row key={entry.id} entry={entry} />
        ))}
      </Sheet>
      {list?.more && (
        <p class="more">
          <button type="button" onClick={() => void read(entries)}>
            Older ones
          </button>
        </p>
      )}
    </section>
  )
}

function Row({ entry }: { entry: Entry }) {
  const outcome = outcomeOf(entry)
  const took = entry.ended_at ? (Date.parse(entry.ended_at) - Date.parse(entry.at)) / 1000 : 0
  const host = entry.host_id ? hosts.value?.get(entry.host_id) : undefined
  return (
    <tr>
      <th scope="row">
        <time dateTime={entry.at}>{new Date(entry.at).toLocaleString()}</time>
      </th>
      <td>{visible(entry.who)}</td>
      <td class="wide">{visible(entry.address)}</td>
      <td>
        {visible(entry.action)} {entry.detail && <small>{visible(entry.detail)}</small>}
        {entry.host_id && (
          <small>
            {' on '}
            {host ? <a href={to('hosts', host.id)}>{visible(host.hostname)}</a> : visible(entry.host_id)}
          </small>
        )}
      </td>
      <td>
        <span class={'state ' + outcome.kind}>{visible(outcome.text)}</span> {took >= 2 && <small>after {duration(took)}</small>}
      </td>
    </tr>
  )
}
