import { signal } from '@preact/signals'
import { Problem, reason } from '../data/http.ts'
import { follow, type ServerEvent } from '../data/sse.ts'
import type { Level } from './level.ts'
import { makeLine, type LogLine, type ToldLine } from './line.ts'
import { compareTimes, LogBuffer } from './merge.ts'
import { Position } from './position.ts'

/** A container whose log is shown. */
export interface Source {
  /** Where lines say they are from; stays the same when an update makes the container anew. */
  key: string
  hostId: string
  /** '' while there is no such container. */
  id: string
  name: string
  host: string
  connected: boolean
}

/** Which part of the logs; times of RFC 3339, '' for none. */
export interface Span {
  since: string
  until: string
  /** Lines to begin with, where there is no time. */
  tail: number
}

/** How far the log of one container is. */
export interface SourceState {
  status: 'reading' | 'waiting' | 'ended'
  /** Why it ended, if not as it should. */
  error: string
  /** The agent cannot follow logs and is asked once a second. */
  polled: boolean
}

/** Lines that pass, and their number as it grows. */
interface Selection {
  buffer: LogBuffer
  passes: (line: LogLine) => boolean
}

/** What is shown changes at most that often: nobody reads faster, and each time costs the same however many lines came. */
const PAUSE = 100

interface LogEvent {
  host_id: string
  container_id: string
  lines: ToldLine[]
  polled: boolean
}

/** The logs of some containers as they come, by one stream of the hub. */
export class Feed {
  readonly all = new LogBuffer()
  readonly states = signal<ReadonlyMap<string, SourceState>>(new Map())
  /** Why nothing arrives; '' while it does. */
  readonly problem = signal('')
  /** Grows when there are other lines. */
  readonly version = signal(0)
  readonly #selections = new Set<Selection>()
  readonly #positions = new Map<string, Position>()
  readonly #levels = new Map<string, Level>()
  readonly #keys: ReadonlyMap<string, string>
  #timer: ReturnType<typeof setTimeout> | undefined
  #toldAt = 0

  constructor(
    readonly sources: readonly Source[],
    readonly span: Span,
  ) {
    this.#keys = new Map(sources.map(source => [source.hostId + ':' + source.id, source.key]))
  }

  /** Follows the logs until the signal ends it. Begun again, it goes on after the last lines. */
  start(stop: AbortSignal): void {
    const wanted = this.sources.filter(source => source.id !== '')
    if (wanted.length === 0) return
    const done = new AbortController()
    stop.addEventListener('abort', () => {
      done.abort()
      clearTimeout(this.#timer)
      this.#timer = undefined
    })
    this.states.value = new Map(wanted.map(source => [source.key, { status: 'reading', error: '', polled: false }]))
    const onState = (open: boolean, error?: unknown): void => {
      this.problem.value = open ? '' : error instanceof Problem ? reason(error) : 'The connection to the hub broke; it is tried again.'
    }
    const onEvent = (event: ServerEvent): void => {
      this.#take(event)
      if ([...this.states.value.values()].every(state => state.status === 'ended')) done.abort()
    }
    void follow(() => this.#address(wanted), { onEvent, onState }, done.signal)
  }

  /** The lines that pass, now and from now on, until `forget`. */
  select(passes: (line: LogLine) => boolean): LogBuffer {
    const buffer = new LogBuffer()
    buffer.add(this.all.lines.filter(passes))
    this.#selections.add({ buffer, passes })
    return buffer
  }

  forget(buffer: LogBuffer): void {
    for (const selection of this.#selections) if (selection.buffer === buffer) this.#selections.delete(selection)
  }

  #address(wanted: readonly Source[]): string {
    const known = [...this.#positions.values()].filter(position => position.time !== '')
    for (const position of known) position.continue()
    const since = known.map(position => position.time).sort(compareTimes)[0] ?? this.span.since
    return (
      '/api/logs?' +
      new URLSearchParams([
        ...wanted.map(source => ['container', source.hostId + ':' + source.id]),
        ...(since ? [['since', since]] : [['tail', String(this.span.tail)]]),
        ...(this.span.until ? [['until', this.span.until]] : []),
      ]).toString()
    )
  }

  #take(event: ServerEvent): void {
    if (event.name !== 'log' && event.name !== 'waiting' && event.name !== 'end') return
    const data = JSON.parse(event.data) as LogEvent & { error?: string }
    const key = this.#keys.get(data.host_id + ':' + data.container_id)
    if (key === undefined) return
    if (event.name === 'log') this.#add(key, data.lines)
    this.#tell(key, event.name === 'log' ? 'reading' : event.name === 'end' ? 'ended' : 'waiting', data.error ?? '', data.polled ?? false)
  }

  #add(key: string, told: readonly ToldLine[]): void {
    const position = this.#positions.get(key) ?? new Position()
    this.#positions.set(key, position)
    const added: LogLine[] = []
    for (const one of told) {
      if (!position.take(one.time ?? '')) continue
      const line = makeLine(key, one, this.#levels.get(key) ?? '')
      this.#levels.set(key, line.level)
      added.push(line)
    }
    this.all.add(added)
    for (const { buffer, passes } of this.#selections) buffer.add(added.filter(passes))
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined
        this.#toldAt = performance.now()
        this.version.value++
      },
      Math.max(0, this.#toldAt + PAUSE - performance.now()),
    )
  }

  #tell(key: string, status: SourceState['status'], error: string, polled: boolean): void {
    const old = this.states.value.get(key)
    const next = { status, error, polled: polled || (old?.polled ?? false) }
    if (old?.status === status && old.error === error && old.polled === next.polled) return
    this.states.value = new Map(this.states.value).set(key, next)
  }
}
