import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { visible } from '../parts/text.ts'
import { parseAnsi } from './ansi.ts'
import type { Feed, Source } from './feed.ts'
import type { LogLine } from './line.ts'
import { findLine, splitFound } from './search.ts'
import { showTime, type Clock } from './time.ts'

const ROW = 20
const SPARE = 20

/** Wrapped lines have no fixed height: so many of them are in the document, those around where somebody reads. */
const WRAPPED = 600
/** While lines arrive only the newest are seen. */
const WRAPPED_AT_END = 150

/** What keys and buttons of the room do to a pane. */
export interface PaneControls {
  find: (step: 1 | -1) => void
  hold: () => void
  follow: () => void
  lines: () => readonly LogLine[]
}

export interface PaneProps {
  feed: Feed
  label: string
  /** Which lines are shown; another `filter` is another function. */
  passes: (line: LogLine) => boolean
  filter: string
  mark: RegExp | undefined
  wrap: boolean
  clock: Clock
  /** Where lines come from, to be told before each. */
  names: ReadonlyMap<string, { source: Source; colour: number }> | undefined
  onActive: (controls: PaneControls) => void
}

/** What is looked at while lines arrive. */
interface Held {
  lines: readonly LogLine[]
  added: number
}

/**
 * Lines as they come. It stays at the end until somebody scrolls up, looks for something or presses a button: then it holds still, and tells how many
 * lines have come since.
 */
export function Pane({ feed, label, passes, filter, mark, wrap, clock, names, onActive }: PaneProps) {
  const frame = useRef<HTMLDivElement>(null)
  const buffer = useMemo(() => feed.select(passes), [feed, filter])
  useEffect(() => () => feed.forget(buffer), [buffer])
  void feed.version.value
  const [held, setHeld] = useState<Held>()
  const [view, setView] = useState({ top: 0, height: 600 })
  const [found, setFound] = useState<LogLine>()
  // Wrapped lines in the document while they are held: the first of them.
  const [first, setFirst] = useState(0)
  const anchor = useRef<{ n: number; top: number }>(undefined)
  /** Where the frame was scrolled to, by somebody or by us. */
  const scrolled = useRef(0)

  const lines = held?.lines ?? buffer.lines
  const height = Math.ceil(view.height / ROW)
  const count = !wrap ? height + 2 * SPARE : held ? WRAPPED : WRAPPED_AT_END
  const from = Math.max(0, !held ? lines.length - count : wrap ? Math.min(first, lines.length - count) : Math.floor(view.top / ROW) - SPARE)
  const until = Math.min(lines.length, from + count)

  const hold = (): Held => {
    if (held) return held
    const next = { lines: buffer.lines.slice(), added: buffer.added }
    if (wrap) {
      keepPlace()
      setFirst(Math.max(0, next.lines.length - WRAPPED))
    }
    setHeld(next)
    return next
  }
  const follow = (): void => {
    setHeld(undefined)
    setFound(undefined)
  }
  /** What is at the top stays where it is, whatever comes before it. */
  const keepPlace = (): void => {
    const element = frame.current!
    const row = [...element.querySelectorAll<HTMLElement>('.line')].find(item => item.offsetTop + item.offsetHeight > element.scrollTop)
    if (row) anchor.current = { n: Number(row.dataset['n']), top: row.offsetTop - element.scrollTop }
  }
  const find = (step: 1 | -1): void => {
    if (!mark) return
    const all = hold().lines
    const now = found ? all.indexOf(found) : -1
    const at = now >= 0 ? findLine(all, mark, now, step) : findLine(all, mark, all.length, -1)
    if (at < 0) return
    setFound(all[at]!)
    if (wrap) setFirst(Math.max(0, at - WRAPPED / 2))
    const top = Math.max(0, Math.round(at * ROW - frame.current!.clientHeight / 2))
    anchor.current = wrap ? { n: all[at]!.n, top: frame.current!.clientHeight / 2 } : undefined
    if (!wrap) {
      setView(old => ({ ...old, top }))
      requestAnimationFrame(() => {
        if (frame.current) frame.current.scrollTop = top
      })
    }
  }
  const controls: PaneControls = { find, hold: () => void hold(), follow, lines: () => held?.lines ?? buffer.lines }
  const now = useRef({ controls, held, wrap, from, below: lines.length - until, keepPlace })
  now.current = { controls, held, wrap, from, below: lines.length - until, keepPlace }
  // Those of the last rendering, whoever keeps them.
  const lasting = useMemo<PaneControls>(
    () => ({
      find: step => now.current.controls.find(step),
      hold: () => now.current.controls.hold(),
      follow: () => now.current.controls.follow(),
      lines: () => now.current.controls.lines(),
    }),
    [],
  )

  // Another filter while lines are held: the same part of the log.
  useLayoutEffect(() => {
    if (!held) return
    const place = held.lines.find(line => line.n === anchor.current?.n) ?? held.lines[Math.floor(view.top / ROW)]
    const next = buffer.lines.slice()
    setHeld({ lines: next, added: buffer.added })
    const at = place ? next.findIndex(line => line.n >= place.n) : -1
    if (wrap) setFirst(Math.max(0, at - WRAPPED / 2))
    else if (at >= 0) frame.current!.scrollTop = at * ROW
  }, [buffer])

  useLayoutEffect(() => {
    const element = frame.current!
    if (!held) {
      element.scrollTop = element.scrollHeight
      // The event of this comes later, when the log may be held already: it is nobody's wish to follow.
      scrolled.current = element.scrollTop
    } else if (anchor.current) {
      const row = element.querySelector<HTMLElement>(`[data-n="${anchor.current.n}"]`)
      if (row) element.scrollTop = row.offsetTop - anchor.current.top
      anchor.current = undefined
    }
  })
  useEffect(() => {
    const element = frame.current!
    const onScroll = (): void => {
      const { scrollTop, clientHeight, scrollHeight } = element
      setView(old => (old.top === scrollTop && old.height === clientHeight ? old : { top: scrollTop, height: clientHeight }))
      const left = scrollHeight - scrollTop - clientHeight
      const { held: isHeld, wrap: isWrapped, from: top, below } = now.current
      const move = (by: number): void => {
        now.current.keepPlace()
        setFirst(Math.max(0, top + by))
      }
      if (!isHeld && left > ROW / 2) lasting.hold()
      else if (isHeld && isWrapped && scrollTop < 400 && top > 0) move(-WRAPPED / 2)
      else if (isHeld && isWrapped && left < 400 && below > 0) move(WRAPPED / 2)
      else if (isHeld && left <= ROW / 2 && scrollTop > scrolled.current) lasting.follow()
      scrolled.current = scrollTop
    }
    // At a high rate the next lines would take away what little a wheel has moved.
    const onUp = (event: Event): void => {
      const up =
        event instanceof WheelEvent ? event.deltaY < 0 : event instanceof KeyboardEvent ? ['ArrowUp', 'PageUp', 'Home'].includes(event.key) : true
      if (up && element.scrollTop > 0) lasting.hold()
    }
    const onUse = (): void => onActive(lasting)
    const observer = new ResizeObserver(() => setView({ top: element.scrollTop, height: element.clientHeight }))
    observer.observe(element)
    const passive = { passive: true }
    element.addEventListener('scroll', onScroll, passive)
    for (const name of ['wheel', 'keydown', 'touchmove']) element.addEventListener(name, onUp, passive)
    for (const name of ['focusin', 'pointerdown', 'wheel']) element.addEventListener(name, onUse, passive)
    return () => observer.disconnect()
  }, [])
  useLayoutEffect(() => onActive(lasting), [feed])

  const news = held ? buffer.added - held.added : 0
  return (
    <div class="pane">
      <div class={'lines' + (wrap ? ' wrap' : '')} ref={frame} role="log" aria-label={label} aria-live="off" tabIndex={0}>
        <div style={wrap ? {} : { paddingTop: `${from * ROW}px`, paddingBottom: `${(lines.length - until) * ROW}px` }}>
          {lines.slice(from, until).map(line => {
            const name = names?.get(line.source)
            return (
              <div key={line.n} data-n={line.n} class={`line ${line.level}${line === found ? ' found' : ''}`}>
                {clock !== 'off' && <time title={line.time}>{showTime(line.time, clock)}</time>}
                {name && <b class={'source s' + name.colour}>{visible(name.source.name)}</b>}
                {parseAnsi(line.text).map((span, at) => (
                  <span key={at} class={span.classes}>
                    {mark ? splitFound(span.text, mark).map((part, index) => (index % 2 ? <mark key={index}>{part}</mark> : part)) : span.text}
                  </span>
                ))}
              </div>
            )
          })}
        </div>
      </div>
      {held && (
        <button type="button" class="primary news" onClick={follow}>
          {news > 0 ? `${news.toLocaleString()} new ${news === 1 ? 'line' : 'lines'}` : 'Follow the end'} <span aria-hidden="true">↓</span>
        </button>
      )}
    </div>
  )
}
