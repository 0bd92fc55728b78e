/** A refusal or failure that the hub tells of, as problem details (RFC 9457). */
export class Problem extends Error {
  override readonly name = 'Problem'

  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
  ) {
    super(detail || title)
  }
}

/** What no answer came from: the hub is away, or the connection to it. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'

  constructor() {
    super('The hub does not answer. What is shown may be old; it is tried again.')
  }
}

/** Called when the hub does not know who asks (any more). */
export const signedOut: { run: () => void } = { run: () => undefined }

/** Asks the hub. The answer is its JSON, or undefined for none. */
export async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  let answer: Response
  try {
    answer = await fetch(path, {
      method,
      credentials: 'same-origin',
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new Unreachable()
  }
  if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T
  throw await problemOf(answer)
}

/** The problem of an answer that is none of success. */
export async function problemOf(answer: Response): Promise<Problem> {
  if (answer.status === 401) signedOut.run()
  const text = await answer.text()
  try {
    const { title, detail } = JSON.parse(text) as { title?: string; detail?: string }
    return new Problem(answer.status, title ?? answer.statusText, detail ?? '')
  } catch {
    return new Problem(answer.status, answer.statusText, text.slice(0, 300))
  }
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => ask('GET', path, undefined, signal)

/** What went wrong, in words for the user. */
export const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error))
