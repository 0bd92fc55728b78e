import type { RefObject } from 'preact'
import { query, setQuery } from '../app/router.ts'
import { Icon } from '../parts/icons.tsx'
import { fromInput, readTime, toInput } from './time.ts'

/** More logs than these are not shown side by side. */
export const MOST_BESIDE = 8

const spans: readonly [value: string, title: string][] = [
  ['', 'from the last lines'],
  ['15m', 'from 15 minutes ago'],
  ['1h', 'from an hour ago'],
  ['6h', 'from 6 hours ago'],
  ['1d', 'from a day ago'],
]

interface ToolsProps {
  search: RefObject<HTMLInputElement | null>
  invalid: boolean
  /** How many logs are shown. */
  several: number
  /** Where others can be added. */
  more: string | undefined
  onFind: (step: 1 | -1) => void
  onDownload: () => void
}

/** What is looked for, which lines are shown, and how. */
export function Tools({ search, invalid, several, more, onFind, onDownload }: ToolsProps) {
  const text = query('search')
  const [since, until] = [query('since'), query('until')]
  const nothing = !text || invalid
  const exact = until !== '' || !spans.some(([value]) => value === since)
  const flag = (name: string, title: string, on = '1') => (
    <label class="check">
      <input type="checkbox" checked={query(name) !== ''} onChange={event => setQuery({ [name]: event.currentTarget.checked ? on : '' })} /> {title}
    </label>
  )
  const begin = (value: string): void => {
    if (value === 'exact') setQuery({ since: new Date(Date.now() - 3_600_000).toISOString(), until: '' })
    else setQuery({ since: value, until: '' })
  }
  return (
    <div class="tools">
      <div class="search" role="search">
        <input
          ref={search}
          type="search"
          class="filter"
          aria-label="Search in the log"
          placeholder="Search, or /a regular expression/"
          spellcheck={false}
          value={text}
          onInput={event => setQuery({ search: event.currentTarget.value })}
          onKeyDown={event => {
            if (event.key === 'Enter') onFind(event.shiftKey ? 1 : -1)
            else if (event.key === 'Escape') event.currentTarget.blur()
          }}
          aria-invalid={invalid}
        />
        <button type="button" class="plain" disabled={nothing} title="Found one before (N)" aria-label="found one before" onClick={() => onFind(-1)}>
          <Icon name="up" />
        </button>
        <button type="button" class="plain" disabled={nothing} title="Next that is found (n)" aria-label="next that is found" onClick={() => onFind(1)}>
          <Icon name="down" />
        </button>
      </div>
      {flag('only', 'only these')}
      <select aria-label="Least level" value={query('level')} onChange={event => setQuery({ level: event.currentTarget.value })}>
        <option value="">every level</option>
        <option value="info">info and above</option>
        <option value="warn">warnings and errors</option>
        <option value="error">errors</option>
      </select>
      <select aria-label="Beginning" value={exact ? 'exact' : since} onChange={event => begin(event.currentTarget.value)}>
        {spans.map(([value, title]) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
        <option value="exact">between two times</option>
      </select>
      {exact && (
        <span class="span">
          <input
            type="datetime-local"
            step="1"
            aria-label="since"
            value={toInput(readTime(since, Date.now()))}
            onChange={event => setQuery({ since: fromInput(event.currentTarget.value) })}
          />
          <input
            type="datetime-local"
            step="1"
            aria-label="until"
            value={toInput(readTime(until, Date.now()))}
            onChange={event => setQuery({ until: fromInput(event.currentTarget.value) })}
          />
        </span>
      )}
      <select aria-label="Times" value={query('time')} onChange={event => setQuery({ time: event.currentTarget.value })}>
        <option value="">local time</option>
        <option value="utc">UTC</option>
        <option value="off">no time</option>
      </select>
      {flag('wrap', 'wrap')}
      {several > 1 && (
        <label class="check" title={several > MOST_BESIDE ? `Only up to ${MOST_BESIDE} logs fit side by side.` : ''}>
          <input
            type="checkbox"
            disabled={several > MOST_BESIDE}
            checked={query('view') === 'side'}
            onChange={event => setQuery({ view: event.currentTarget.checked ? 'side' : '' })}
          />{' '}
          side by side
        </label>
      )}
      <button type="button" onClick={onDownload}>
        Download
      </button>
      {more && <a href={more}>With other logs</a>}
    </div>
  )
}
