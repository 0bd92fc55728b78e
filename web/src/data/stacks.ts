import { computed, signal } from '@preact/signals'
import { describe } from '../parts/state.tsx'
import { containers, version, type Container } from './containers.ts'
import { hosts } from './hosts.ts'
import { get } from './http.ts'
import { listen, onGap } from './live.ts'
import { reader } from './retry.ts'
import type { Schema } from './schema.ts'

/** The files of a stack, as the hub has them. */
export type StackAnswer = Schema<'StackAnswer'>

export type Operation = Schema<'OperationAnswer'>

/** A compose project of a host, by its containers and by what the hub has of it. */
export interface Stack {
  hostId: string
  name: string
  host: string
  connected: boolean
  /** Whether the hub has its files. */
  managed: boolean
  containers: Container[]
  /** Its services, and how many of them run. */
  services: number
  running: number
  word: string
  kind: 'good' | 'warn' | 'bad' | 'idle'
}

export const stackKey = (hostId: string, name: string): string => hostId + '/' + name

/** Stacks whose files the hub has; undefined before they were read. */
export const managed = signal<ReadonlySet<string> | undefined>(undefined)

/** Reads which stacks the hub has, and goes on to do so when one is deployed or removed, until it is told to end. */
export function followStacks(): () => void {
  const stop = new AbortController()
  const readOnce = async (): Promise<void> => {
    const list = await get<Schema<'StackSummary'>[]>('/api/stacks', stop.signal)
    managed.value = new Set(list.filter(stack => stack.managed).map(stack => stackKey(stack.host_id, stack.name)))
  }
  const read = reader(readOnce, problem => problem && console.info('no stacks', problem), stop.signal)
  read()
  const leave = listen(({ name, data }) => {
    if (name === 'operation_changed' && isOfStack(data as Operation)) read()
  })
  const ungap = onGap(read)
  return () => {
    stop.abort()
    leave()
    ungap()
  }
}

export const isOfStack = (operation: Operation): boolean => ['deploy', 'down', 'remove'].includes(operation.kind)

/** All stacks by key. */
export const stacks = computed<ReadonlyMap<string, Stack>>(() => {
  void version.value
  const found = new Map<string, Container[]>()
  for (const key of managed.value ?? []) found.set(key, [])
  for (const container of containers.values()) {
    if (!container.project) continue
    const key = stackKey(container.host_id, container.project)
    const known = found.get(key)
    if (known) known.push(container)
    else found.set(key, [container])
  }
  return new Map([...found].map(([key, own]) => [key, stackOf(key, own)]))
})

function stackOf(key: string, own: Container[]): Stack {
  const slash = key.indexOf('/')
  const hostId = key.slice(0, slash)
  const host = hosts.value?.get(hostId)
  const services = new Set(own.map(container => container.service || container.name))
  const running = new Set(own.filter(container => container.state === 'running').map(container => container.service || container.name))
  const bad = own.find(container => describe(container.state, container.health)[1] === 'bad')
  const connected = host?.connected ?? false
  const [word, kind] = !connected
    ? (['unknown', 'idle'] as const)
    : bad
      ? ([describe(bad.state, bad.health)[0], 'bad'] as const)
      : own.length === 0
        ? (['not deployed', 'idle'] as const)
        : running.size === services.size
          ? (['running', 'good'] as const)
          : running.size === 0
            ? (['stopped', 'idle'] as const)
            : (['partly running', 'warn'] as const)
  return {
    hostId,
    name: key.slice(slash + 1),
    host: host?.hostname ?? own[0]?.host ?? hostId,
    connected,
    managed: managed.value?.has(key) ?? false,
    containers: own.sort((a, b) => a.name.localeCompare(b.name)),
    services: services.size,
    running: running.size,
    word,
    kind,
  }
}
