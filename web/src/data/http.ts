/** A refusal or failure that the hub tells of, as problem details (RFC 9457). */
export class Problem extends Error {
  override readonly name = 'Problem'

  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    /** The kind of problem, as docs/openapi.json has it: `code_required`, `host_not_connected`. */
    readonly kind = '',
    /** After how many seconds it can be tried again; 0 where the hub does not say. */
    readonly wait = 0,
  ) {
    super(detail || title)
  }
}

/** What no answer came from: the hub is away, or the connection to it. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'

  constructor(method = 'GET') {
    super(
      method === 'GET'
        ? 'The hub does not answer. What is shown may be old; it is tried again.'
        : 'No answer came from the hub: it may have been done all the same. Look, before you do it again.',
    )
  }
}

/** Called when the hub does not know who asks (any more). */
export const signedOut: { run: () => void } = { run: () => undefined }

/** Asks the hub. The answer is its JSON, or undefined for none. With a key, what is asked again is done once. */
export async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal, key?: string): Promise<T> {
  let answer: Response
  try {
    answer = await fetch(path, {
      method,
      credentials: 'same-origin',
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...(key !== undefined && { 'idempotency-key': key }) },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new Unreachable(method)
  }
  if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T
  throw await problemOf(answer)
}

/** The problem of an answer that is none of success. */
export async function problemOf(answer: Response): Promise<Problem> {
  // A password that is wrong is a 401 as well, and does not end the session: only the gate of the hub asks who it is.
  const unknown = answer.status === 401 && answer.headers.has('www-authenticate')
  if (unknown) signedOut.run()
  const text = await answer.text()
  try {
    const { type, title, detail } = JSON.parse(text) as { type?: string; title?: string; detail?: string }
    const wait = Number(answer.headers.get('retry-after') ?? 0) || 0
    return new Problem(
      answer.status,
      title ?? answer.statusText,
      detail ?? (unknown ? 'your session has ended: sign in again' : ''),
      type?.replace(/^urn:dockmon:problem:/, ''),
      wait,
    )
  } catch {
    return new Problem(answer.status, answer.statusText, text.slice(0, 300))
  }
}

/** Asks again, as often as there are pauses, where no answer came: a browser ends what it asks for when the network changes. */
export async function untilAnswered<T>(run: () => Promise<T>, pauses: readonly number[]): Promise<T> {
  for (const pause of pauses) {
    try {
      return await run()
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
    }
    await new Promise(resolve => setTimeout(resolve, pause))
  }
  return run()
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => untilAnswered(() => ask<T>('GET', path, undefined, signal), [200, 1000])

/** What went wrong, in words for the user. */
export const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error))
