import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { addShortcuts } from '../app/keys.ts'
import { query, setQuery, to } from '../app/router.ts'
import { follow } from '../data/sse.ts'
import { visible } from '../parts/text.ts'
import { parseAnsi, plainText } from './ansi.ts'
import { guessLevel, type Level } from './level.ts'
import { LogBuffer, type LogLine } from './merge.ts'

/** A container whose log is shown. */
export interface Source {
  hostId: string
  id: string
  name: string
}

const ROW = 20
const SPARE = 20

/** Wrapped lines have no fixed height: that many of the newest are in the document. */
const MOST_WRAPPED = 1000

type Status = 'connecting' | 'open' | 'waiting' | 'broken' | 'ended'

/**
 * Follows the logs of one or several containers, merged by time. It stays at the end until somebody scrolls up, and then holds still while lines arrive.
 */
export function LogView({ sources }: { sources: readonly Source[] }) {
  const buffer = useMemo(() => new LogBuffer(), [sources.map(source => source.id).join()])
  const version = useSignal(0)
  const [states, setStates] = useState<Readonly<Record<string, Status>>>({})
  const [problem, setProblem] = useState('')
  const [paused, setPaused] = useState(false)
  const search = useRef<HTMLInputElement>(null)

  useEffect(() => {
    const stop = new AbortController()
    let frame = 0
    for (const source of sources) {
      const tell = (status: Status): void => setStates(old => ({ ...old, [source.id]: status }))
      void follow(
        `/api${to('hosts', source.hostId, 'containers', source.id, 'logs', 'stream')}?tail=500`,
        {
          onEvent: event => {
            if (event.name === 'log') {
              tell('open')
              const { lines } = JSON.parse(event.data) as { lines: { time?: string; stream?: 'stdout' | 'stderr'; text: string }[] }
              buffer.add(lines.map(line => ({ time: line.time ?? '', source: source.id, stream: line.stream ?? 'stdout', text: line.text })))
              frame ||= requestAnimationFrame(() => {
                frame = 0
                version.value++
              })
            } else if (event.name === 'waiting') tell('waiting')
            else if (event.name === 'end') {
              tell('ended')
              const { reason, error } = JSON.parse(event.data) as { reason: string; error?: string }
              setProblem(error ?? reason)
            }
          },
          onState: open => tell(open ? 'open' : 'broken'),
        },
        stop.signal,
      )
    }
    return () => {
      stop.abort()
      cancelAnimationFrame(frame)
    }
  }, [buffer])

  useEffect(
    () =>
      addShortcuts([
        { key: '/', does: 'search in the log', run: () => search.current?.focus() },
        { key: 'w', does: 'wrap lines', run: () => setQuery({ wrap: query('wrap') ? '' : '1' }) },
        { key: 'End', does: 'follow the end', run: () => setPaused(false) },
      ]),
    [],
  )

  const text = query('search')
  const level = query('level')
  const wanted = useMemo(() => pattern(text), [text])
  void version.value
  const lines =
    !text && !level
      ? buffer.lines
      : buffer.lines.filter(line => (!level || rank(levelOf(line)) >= rank(level as Level)) && (!wanted || wanted.test(plainText(line.text))))
  const told = Object.values(states)
  return (
    <section class="logs">
      <div class="tools">
        <input
          ref={search}
          type="search"
          class="filter"
          aria-label="Search in the log"
          placeholder="Search, or /a regular expression/"
          spellcheck={false}
          value={text}
          onInput={event => setQuery({ search: event.currentTarget.value })}
          aria-invalid={text !== '' && !wanted}
        />
        <select aria-label="Least level" value={level} onChange={event => setQuery({ level: event.currentTarget.value })}>
          <option value="">every line</option>
          <option value="info">info and above</option>
          <option value="warn">warnings and errors</option>
          <option value="error">errors</option>
        </select>
        <label class="check">
          <input type="checkbox" checked={query('wrap') !== ''} onChange={event => setQuery({ wrap: event.currentTarget.checked ? '1' : '' })} /> wrap
        </label>
        <label class="check">
          <input type="checkbox" checked={query('time') !== ''} onChange={event => setQuery({ time: event.currentTarget.checked ? '1' : '' })} /> time
        </label>
        <button type="button" onClick={() => download(lines, sources)}>
          Download
        </button>
        {paused && (
          <button type="button" class="primary" onClick={() => setPaused(false)}>
            Follow
          </button>
        )}
      </div>
      <p class="quiet" role="status">
        {told.includes('waiting')
          ? 'The host is offline; the log goes on when it is back.'
          : told.includes('broken')
            ? 'The connection broke; it is tried again.'
            : told.length > 0 && told.every(state => state === 'ended')
              ? 'The log has ended: ' + problem
              : `${lines.length.toLocaleString()} lines${buffer.dropped > 0 ? `, ${buffer.dropped.toLocaleString()} older ones dropped` : ''}`}
      </p>
      <Lines
        lines={lines}
        sources={sources}
        paused={paused}
        onPause={setPaused}
        wrap={query('wrap') !== ''}
        times={query('time') !== ''}
        mark={wanted}
        version={version.value}
      />
    </section>
  )
}

interface LinesProps {
  lines: readonly LogLine[]
  sources: readonly Source[]
  paused: boolean
  onPause: (paused: boolean) => void
  wrap: boolean
  times: boolean
  mark: RegExp | undefined
  version: number
}

function Lines({ lines, sources, paused, onPause, wrap, times, mark }: LinesProps) {
  const frame = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ top: 0, height: 600 })
  // What is shown while paused does not move, whatever arrives or is dropped.
  const held = useRef<readonly LogLine[]>(undefined)
  if (!paused) held.current = undefined
  else held.current ??= [...lines]
  const all = held.current ?? lines

  useLayoutEffect(() => {
    const element = frame.current!
    if (!paused) element.scrollTop = element.scrollHeight
  })
  useEffect(() => {
    const element = frame.current!
    const onScroll = (): void => {
      setView({ top: element.scrollTop, height: element.clientHeight })
      const atEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - ROW
      if (!atEnd) onPause(true)
    }
    const onWheel = (event: WheelEvent): void => {
      if (event.deltaY < 0 && element.scrollTop > 0) onPause(true)
    }
    const observer = new ResizeObserver(() => setView({ top: element.scrollTop, height: element.clientHeight }))
    observer.observe(element)
    element.addEventListener('scroll', onScroll, { passive: true })
    element.addEventListener('wheel', onWheel, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', onScroll)
      element.removeEventListener('wheel', onWheel)
    }
  }, [])

  const from = wrap
    ? Math.max(0, all.length - MOST_WRAPPED)
    : paused
      ? Math.max(0, Math.floor(view.top / ROW) - SPARE)
      : Math.max(0, all.length - Math.ceil(view.height / ROW) - SPARE)
  const until = wrap ? all.length : Math.min(all.length, from + Math.ceil(view.height / ROW) + 2 * SPARE)
  const names = new Map(sources.map((source, index) => [source.id, [source.name, index % 6] as const]))
  return (
    <div class={'lines' + (wrap ? ' wrap' : '')} ref={frame} role="log" aria-label="log" aria-live="off" tabIndex={0}>
      <div style={wrap ? {} : { paddingTop: `${from * ROW}px`, paddingBottom: `${(all.length - until) * ROW}px` }}>
        {all.slice(from, until).map((line, index) => {
          const level = levelOf(line)
          const [name, colour] = names.get(line.source) ?? ['', 0]
          return (
            <div key={from + index} class={`line ${level} ${line.stream}`}>
              {times && <time>{line.time.slice(11, 23)}</time>}
              {sources.length > 1 && <b class={'source s' + colour}>{visible(name)}</b>}
              {parseAnsi(line.text).map((span, at) => (
                <span key={at} class={span.classes}>
                  {mark ? marked(span.text, mark) : span.text}
                </span>
              ))}
            </div>
          )
        })}
      </div>
    </div>
  )
}

const levels = new WeakMap<LogLine, Level>()

/** The level of a line, guessed once. */
function levelOf(line: LogLine): Level {
  const known = levels.get(line)
  if (known !== undefined) return known
  const level = guessLevel(plainText(line.text))
  levels.set(line, level)
  return level
}

const ranks: Record<Level, number> = { '': 1, debug: 0, info: 1, warn: 2, error: 3 }
const rank = (level: Level): number => ranks[level]

/** `/…/` is a regular expression; everything else is looked for as it is. Undefined for nothing, and for an expression that is not complete yet. */
export function pattern(text: string): RegExp | undefined {
  if (!text) return undefined
  const expression = /^\/(.+)\/$/.exec(text)?.[1]
  try {
    return new RegExp(expression ?? text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`), 'i')
  } catch {
    return undefined
  }
}

function marked(text: string, mark: RegExp) {
  const parts = []
  let from = 0
  for (const match of text.matchAll(new RegExp(mark.source, 'gi'))) {
    if (match[0] === '') break
    parts.push(text.slice(from, match.index), <mark key={match.index}>{match[0]}</mark>)
    from = match.index + match[0].length
  }
  parts.push(text.slice(from))
  return parts
}

function download(lines: readonly LogLine[], sources: readonly Source[]): void {
  const names = new Map(sources.map(source => [source.id, source.name]))
  const text = lines.map(line => `${line.time} ${sources.length > 1 ? names.get(line.source) + ' ' : ''}${plainText(line.text)}\n`).join('')
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  link.download =
    sources
      .map(source => source.name)
      .join('-')
      .slice(0, 80) + '.log'
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
