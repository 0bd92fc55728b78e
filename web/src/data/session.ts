import { signal } from '@preact/signals'
import { ask, get, Problem, signedOut } from './http.ts'
import type { Schema } from './schema.ts'

/** Who looks at the page, and what they may do. */
export type Me = Schema<'MeAnswer'>

/** Null: nobody is signed in. Undefined: not known yet. */
export const me = signal<Me | null | undefined>(undefined)

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
    if (error instanceof Problem && error.title === 'code_required') return true
    throw error
  }
  await readMe()
  return false
}

export async function signOut(): Promise<void> {
  await ask('POST', '/api/logout')
  me.value = null
}

export const setUp = (token: string, name: string, password: string): Promise<void> => ask('POST', '/api/setup', { token, name, password })

signedOut.run = () => {
  if (me.value) me.value = null
}
