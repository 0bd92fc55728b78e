import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { addShortcuts } from '../app/keys.ts'
import { query, setQuery, to } from '../app/router.ts'
import { visible } from '../parts/text.ts'
import { Feed, type Source } from './feed.ts'
import type { Level } from './level.ts'
import type { LogLine } from './line.ts'
import { Pane, type PaneControls } from './pane.tsx'
import { pattern } from './search.ts'
import { logsOf } from './sources.ts'
import { readTime, type Clock } from './time.ts'
import { MOST_BESIDE, Tools } from './tools.tsx'

/** Lines of each container to begin with. */
const TAIL = 500
/** Of many containers all begin with fewer. */
const TAIL_OF_ALL = 10_000

const ranks: Record<Level, number> = { debug: 0, '': 1, info: 1, warn: 2, error: 3 }

/** Follows the logs of one or several containers, merged by time or side by side. What is shown, and how, is in the address. */
export function LogView({ sources, alone = false }: { sources: readonly Source[]; alone?: boolean }) {
  const identity = sources.map(source => source.hostId + ':' + source.id).join()
  const [since, until] = [query('since'), query('until')]
  const feed = useMemo(
    () =>
      new Feed(sources, {
        since: readTime(since, Date.now()),
        until: readTime(until, Date.now()),
        tail: Math.min(TAIL, Math.ceil(TAIL_OF_ALL / Math.max(1, sources.length))),
      }),
    [identity, since, until],
  )
  // A host that comes back: logs that ended because it was away go on.
  const away = sources.filter(source => !source.connected).length
  useEffect(() => {
    const stop = new AbortController()
    feed.start(stop.signal)
    return () => stop.abort()
  }, [feed, away])

  const active = useRef<PaneControls>(null)
  const onActive = (controls: PaneControls): void => {
    active.current = controls
  }
  const search = useRef<HTMLInputElement>(null)
  useLayoutEffect(
    () =>
      addShortcuts([
        { key: '/', does: 'search in the log', run: () => search.current?.focus() },
        { key: 'n', does: 'next that is found', run: () => active.current?.find(1) },
        { key: 'N', does: 'found one before', run: () => active.current?.find(-1) },
        { key: 'p', does: 'hold the log still', run: () => active.current?.hold() },
        { key: 'End', does: 'follow the end', run: () => active.current?.follow() },
        { key: 'w', does: 'wrap lines', run: () => setQuery({ wrap: query('wrap') ? '' : '1' }) },
        { key: 'v', does: 'side by side, or merged', run: () => setQuery({ view: query('view') ? '' : 'side' }) },
      ]),
    [],
  )

  const [text, level, only] = [query('search'), query('level') as Level, query('only') !== '']
  const mark = useMemo(() => pattern(text), [text])
  const passes = (line: LogLine): boolean => (!level || ranks[line.level] >= (ranks[level] ?? 0)) && (!only || !mark || mark.test(line.plain))
  const filter = `${level} ${only ? text : ''}`
  const clock = (query('time') || 'local') as Clock
  const wrap = query('wrap') !== ''
  const beside = query('view') === 'side' && sources.length > 1 && sources.length <= MOST_BESIDE
  const names = new Map(sources.map((source, index) => [source.key, { source, colour: index % 6 }]))
  const width = Math.min(24, Math.max(...sources.map(source => source.name.length), 1))
  const shared = { feed, mark, wrap, clock, onActive }
  return (
    <section class="logs" style={{ '--source': width + 'ch' }}>
      <Tools
        search={search}
        invalid={text !== '' && !mark}
        several={sources.length}
        more={alone ? logsOf(sources.map(source => ({ host_id: source.hostId, name: source.name }))) : undefined}
        onFind={step => active.current?.find(step)}
        onDownload={() => download(active.current?.lines() ?? [], sources)}
      />
      <Told feed={feed} />
      {beside ? (
        <div class="panes">
          {sources.map((source, index) => (
            <section key={source.key} aria-label={source.name}>
              <h2 class={'s' + (index % 6)}>
                <a href={to('containers', source.hostId, source.id)}>{visible(source.name)}</a> <small>{visible(source.host)}</small>
              </h2>
              <Pane
                {...shared}
                label={'log of ' + source.name}
                passes={line => line.source === source.key && passes(line)}
                filter={source.key + filter}
                names={undefined}
              />
            </section>
          ))}
        </div>
      ) : (
        <Pane {...shared} label="log" passes={passes} filter={filter} names={sources.length > 1 ? names : undefined} />
      )}
    </section>
  )
}

/** What there is to know of the logs besides their lines. */
function Told({ feed }: { feed: Feed }) {
  void feed.version.value
  const names = new Map(feed.sources.map(source => [source.key, visible(source.name)]))
  const states = [...feed.states.value]
  const list = (of: readonly (readonly [string, unknown])[]): string => {
    const all = of.map(([key]) => names.get(key))
    return all.length > 3 ? `${all.slice(0, 3).join(', ')} and ${all.length - 3} more` : all.join(', ')
  }
  const waiting = states.filter(([, state]) => state.status === 'waiting')
  const failed = states.filter(([, state]) => state.status === 'ended' && state.error)
  const ended = states.filter(([, state]) => state.status === 'ended' && !state.error)
  const polled = states.filter(([, state]) => state.polled)
  const missing = feed.sources.filter(source => source.id === '').map(source => [source.key, undefined] as const)
  const said = [
    feed.problem.value,
    missing.length > 0 && `There is no container ${list(missing)} now.`,
    waiting.length > 0 && `${list(waiting)}: the host is offline; the log goes on when it is back.`,
    ...failed.slice(0, 3).map(one => `${list([one])}: ${one[1].error}.`),
    ended.length > 0 && (ended.length === states.length ? 'All of it is here: nothing more will come.' : `${list(ended)}: nothing more will come.`),
    polled.length > 0 && `${list(polled)}: the agent cannot follow logs and is asked once a second.`,
  ].filter(Boolean)
  const { lines, dropped } = feed.all
  return (
    <p class="told">
      <span class="quiet">
        {lines.length.toLocaleString()} {lines.length === 1 ? 'line' : 'lines'}
        {dropped > 0 && `; ${dropped.toLocaleString()} older ones were dropped from view`}
      </span>
      <span role="status">{said.join(' ')}</span>
    </p>
  )
}

/** Keeps what is shown as a file. */
function download(lines: readonly LogLine[], sources: readonly Source[]): void {
  const names = new Map(sources.map(source => [source.key, source.name]))
  const text = lines.map(line => `${line.time} ${sources.length > 1 ? names.get(line.source) + ' ' : ''}${line.plain}\n`)
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob(text, { type: 'text/plain' }))
  link.download =
    sources
      .map(source => source.name)
      .join('-')
      .slice(0, 80) + '.log'
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
