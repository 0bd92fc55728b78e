import { signal } from '@preact/signals'
import { ask, get, Problem, signedOut } from './http.ts'
import { refresh } from './live.ts'
import type { Schema } from './schema.ts'

/** Who looks at the page, and what they may do. */
export type Me = Schema<'MeAnswer'>

/** Null: nobody is signed in. Undefined: not known yet. */
export const me = signal<Me | null | undefined>(undefined)

/** Whether the session of who looks at the page has ended. The page stays as it is, and asks to sign in again. */
export const ended = signal(false)

export async function readMe(): Promise<void> {
  try {
    me.value = await get<Me>('/api/me')
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error
    me.value = null
  }
}

/** Signs in. @returns Whether a code of the authenticator app is needed besides. */
export async function signIn(name: string, password: string, code: string): Promise<boolean> {
  try {
    await ask('POST', '/api/login', { name, password, ...(code && { code }) })
  } catch (error) {
    if (error instanceof Problem && error.kind === 'code_required') return true
    throw error
  }
  const before = me.value
  await readMe()
  if (ended.value) {
    // Somebody else sees other hosts: nothing of what the one before saw stays.
    if (before?.who !== me.value?.who) location.reload()
    ended.value = false
    refresh()
  }
  return false
}

/** Signs out, and forgets all that was read. */
export async function signOut(): Promise<void> {
  await ask('POST', '/api/logout')
  location.href = '/'
}

export const setUp = (token: string, name: string, password: string): Promise<void> => ask('POST', '/api/setup', { token, name, password })

const WANTED = 'wanted'

/** Goes to the provider of OpenID Connect; who comes back is taken to where they wanted to go. */
export function signInElsewhere(): void {
  sessionStorage.setItem(WANTED, location.pathname + location.search)
  location.href = '/api/oidc/login'
}

/** Where somebody wanted to go before they went to the provider; once. */
export function takeWanted(): string {
  const wanted = sessionStorage.getItem(WANTED) ?? ''
  sessionStorage.removeItem(WANTED)
  return wanted
}

signedOut.run = () => {
  if (me.value) ended.value = true
}
