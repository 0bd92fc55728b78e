import { useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { addShortcuts } from '../app/keys.ts'
import { query, setQuery } from '../app/router.ts'
import { complete, containerFields, type Container } from '../data/containers.ts'
import { matches, parseFilter } from '../data/filter.ts'
import { State } from '../parts/state.tsx'
import { visible } from '../parts/text.ts'
import { MOST_LOGS } from './sources.ts'

/** So many rows are in the document; a filter finds the others. */
const MOST_ROWS = 200

interface PickerProps {
  rows: ReadonlyMap<string, Container>
  chosen: readonly string[]
  onChoose: (chosen: readonly string[]) => void
}

/** Containers by host and stack, to choose from. */
export function Picker({ rows, chosen, onChoose }: PickerProps) {
  const input = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => addShortcuts([{ key: 'c', does: 'choose containers', run: () => input.current?.focus() }]), [])
  const text = query('q')
  const groups = useMemo(() => group(rows, text), [rows, text])
  const found = groups.flatMap(one => one.rows.map(([key]) => key))
  const isChosen = new Set(chosen)
  const set = (keys: readonly string[], on: boolean): void => onChoose(on ? [...new Set([...chosen, ...keys])] : chosen.filter(key => !keys.includes(key)))
  let left = MOST_ROWS
  return (
    <aside class="picker" id="picker" aria-label="Containers">
      <input
        ref={input}
        type="search"
        aria-label="Filter containers"
        placeholder="Filter: web host:nas project:shop"
        spellcheck={false}
        value={text}
        onInput={event => setQuery({ q: event.currentTarget.value })}
      />
      <p class="quiet">
        {chosen.length} chosen{chosen.length >= MOST_LOGS && `, more than ${MOST_LOGS} cannot be`}
        {chosen.length > 0 && (
          <button type="button" class="link" onClick={() => onChoose([])}>
            none
          </button>
        )}
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label="containers by host and stack">
        {groups.map(({ name, host, rows: all }) => {
          const shown = all.slice(0, left)
          left -= shown.length
          if (shown.length === 0) return null
          const keys = all.map(([key]) => key)
          const every = keys.every(key => isChosen.has(key))
          return (
            <fieldset key={host + '/' + name}>
              <legend>
                <label>
                  <input type="checkbox" checked={every} onChange={() => set(keys, !every)} aria-label={`all of ${visible(name || host)}`} />
                  <span>
                    {visible(name || 'without a stack')} <small>{visible(host)}</small>
                  </span>
                </label>
              </legend>
              {shown.map(([key, row]) => (
                <label key={key}>
                  <input
                    type="checkbox"
                    checked={isChosen.has(key)}
                    disabled={!isChosen.has(key) && chosen.length >= MOST_LOGS}
                    onChange={event => set([key], event.currentTarget.checked)}
                  />
                  <span>{visible(row.name)}</span>
                  <State state={row.host_connected ? row.state : 'unknown'} health={row.health} />
                </label>
              ))}
            </fieldset>
          )
        })}
        {found.length > MOST_ROWS && <p class="quiet">and {found.length - MOST_ROWS} more: filter to see them</p>}
        {found.length === 0 && <p class="quiet">{complete.value ? 'No container is like that.' : 'Reading the containers…'}</p>}
      </div>
    </aside>
  )
}

interface Group {
  host: string
  name: string
  rows: [string, Container][]
}

function group(rows: ReadonlyMap<string, Container>, text: string): Group[] {
  const filter = parseFilter(text, containerFields)
  const groups = new Map<string, Group>()
  for (const [key, row] of rows) {
    if (!matches(filter, row, row.text)) continue
    const id = row.host_id + '/' + row.project
    const one = groups.get(id) ?? { host: row.host, name: row.project, rows: [] }
    one.rows.push([key, row])
    groups.set(id, one)
  }
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  for (const one of groups.values()) one.rows.sort(([, a], [, b]) => order(a.name, b.name))
  return [...groups.values()].sort((a, b) => order(a.host, b.host) || Number(!a.name) - Number(!b.name) || order(a.name, b.name))
}
