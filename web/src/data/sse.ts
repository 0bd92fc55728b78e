import { problemOf } from './http.ts'
import { pause } from './retry.ts'

/** A server-sent event. */
export interface ServerEvent {
  id: string
  name: string
  data: string
}

/** Reads server-sent events from pieces of text, however they are cut. */
export class EventParser {
  #rest = ''
  #id = ''
  #name = ''
  #data: string[] = []; // without the semicolon the asterisk below would multiply

  *push(text: string): Generator<ServerEvent> {
    this.#rest += text
    let from = 0
    for (let end = this.#rest.indexOf('\n', from); end >= 0; end = this.#rest.indexOf('\n', from)) {
      const line = this.#rest.slice(from, this.#rest[end - 1] === '\r' ? end - 1 : end)
      from = end + 1
      if (line === '') {
        if (this.#data.length > 0) yield { id: this.#id, name: this.#name || 'message', data: this.#data.join('\n') }
        this.#name = ''
        this.#data = []
        continue
      }
      const colon = line.indexOf(':')
      const value = line.slice(colon + 1).replace(/^ /, '')
      const field = colon < 0 ? line : line.slice(0, colon)
      if (field === 'id') this.#id = value
      else if (field === 'event') this.#name = value
      else if (field === 'data') this.#data.push(value)
    }
    this.#rest = this.#rest.slice(from)
  }
}

/** The hub sends a comment each 15 s; a stream that is silent for longer is dead, whatever the socket says. */
const SILENCE = 40_000

export interface Follower {
  onEvent: (event: ServerEvent) => void
  /** Called for all that arrives, also the comments that say that the hub is there. */
  onHeard?: () => void
  /** True when events arrive (again), false when the stream broke, with what broke it. */
  onState?: (open: boolean, error?: unknown) => void
}

/**
 * Follows a stream until the signal ends it. A stream that breaks is opened again, after a second and then more slowly up to half a minute, behind the
 * last event that arrived. A path that is a function is asked for each time.
 */
export async function follow(path: string | (() => string), follower: Follower, signal: AbortSignal): Promise<void> {
  let lastId = ''
  let wait = 1000
  while (!signal.aborted) {
    const attempt = new AbortController()
    const end = (): void => attempt.abort()
    signal.addEventListener('abort', end)
    let silence = setTimeout(end, SILENCE)
    let broken: unknown
    try {
      const headers: HeadersInit = lastId ? { 'last-event-id': lastId } : {}
      const answer = await fetch(typeof path === 'string' ? path : path(), { headers, credentials: 'same-origin', signal: attempt.signal })
      if (!answer.ok || !answer.body) throw await problemOf(answer)
      follower.onState?.(true)
      wait = 1000
      const parser = new EventParser()
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        clearTimeout(silence)
        silence = setTimeout(end, SILENCE)
        follower.onHeard?.()
        for (const event of parser.push(piece.value)) {
          if (event.id) lastId = event.id
          follower.onEvent(event)
        }
      }
    } catch (error) {
      broken = error
      if (!signal.aborted) console.info('a stream broke:', error)
    } finally {
      clearTimeout(silence)
      signal.removeEventListener('abort', end)
      attempt.abort()
    }
    if (signal.aborted) return
    follower.onState?.(false, broken)
    await pause(wait * (0.75 + Math.random() / 2), signal)
    wait = Math.min(wait * 1.7, 30_000)
  }
}
