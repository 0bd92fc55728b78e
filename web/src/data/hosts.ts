import { signal } from '@preact/signals'
import { get } from './http.ts'
import { listen, onGap } from './live.ts'
import { reader } from './retry.ts'
import type { Schema } from './schema.ts'

/** A host, with what its agent told when it registered. */
export type Host = Omit<Schema<'HostAnswer'>, 'registration'> & { registration: Registration }

/** What the agent told of its host; other agents may tell less. */
export interface Registration {
  version?: string
  docker_version?: string
  os_type?: string
  os_version?: string
  kernel_version?: string
  total_memory?: number
  num_cpus?: number
  capabilities?: Record<string, boolean>
}

/** What a container may use of its host's memory; 0 without a limit: engines and agents tell the memory of the host then, which is no limit of anybody's. */
export function memoryLimit(hostId: string, told: number | undefined): number {
  const all = hosts.value?.get(hostId)?.registration.total_memory
  // What is kept of a history is rounded.
  return told === undefined || (all && told > all * 0.99) ? 0 : told
}

/** A sample of a host. */
export interface HostFigures {
  cpu_percent: number
  mem_percent: number
  net_bytes_per_sec?: number
  extended?: Extended
}

/** What our own agents tell now and then besides. */
export interface Extended {
  load_average?: number[]
  file_systems?: { device: string; mount_point: string; total_bytes: number; used_bytes: number }[]
}

/** Samples that sparklines show. */
export const SPARK_LENGTH = 60

export interface HostLive {
  latest: HostFigures
  extended: Extended | undefined
  cpu: number[]
  memory: number[]
  network: number[]
  at: number
}

/** All hosts by id; undefined before they were read. */
export const hosts = signal<ReadonlyMap<string, Host> | undefined>(undefined)

/** Figures by host. Replaced once a second at most, however many samples arrive. */
export const figures = signal<ReadonlyMap<string, HostLive>>(new Map())

const pending = new Map<string, HostFigures>()
let timer = 0

/** For each reading that goes on, what the stream told of hosts meanwhile, which is newer: whether one is connected; undefined for one that was removed. */
const readings = new Set<Map<string, boolean | undefined>>()
let newest = 0

export async function readHosts(): Promise<void> {
  const mine = ++newest
  const told = new Map<string, boolean | undefined>()
  readings.add(told)
  try {
    const list = await get<Host[]>('/api/hosts')
    // A later reading knows more, and may have been answered already.
    if (mine !== newest) return
    const there = list.filter(host => !told.has(host.id) || told.get(host.id) !== undefined)
    hosts.value = new Map(there.map(host => [host.id, { ...host, connected: told.get(host.id) ?? host.connected }]))
  } finally {
    readings.delete(told)
  }
}

/** Takes in what the stream tells of hosts. */
export function startHosts(): void {
  const again = reader(readHosts, problem => problem && console.info('the hosts were not read:', problem), new AbortController().signal)
  listen(({ name, hostId, data }) => {
    if (name === 'host_stats') {
      pending.set(hostId, data as HostFigures)
      timer ||= window.setTimeout(publish, 1000)
    } else if (name === 'host_connected' || name === 'host_disconnected') {
      const known = hosts.value?.get(hostId)
      for (const told of readings) told.set(hostId, name === 'host_connected')
      if (!known) again()
      else hosts.value = new Map(hosts.value).set(hostId, { ...known, connected: name === 'host_connected', last_seen: new Date().toISOString() })
    } else if (name === 'host_removed') {
      const rest = new Map(hosts.value)
      for (const told of readings) told.set(hostId, undefined)
      rest.delete(hostId)
      hosts.value = rest
    }
  })
  onGap(readHosts)
}

function publish(): void {
  timer = 0
  const next = new Map(figures.value)
  for (const [id, latest] of pending) {
    const before = next.get(id)
    const add = (values: number[] | undefined, value: number): number[] => [...(values ?? []).slice(1 - SPARK_LENGTH), value]
    next.set(id, {
      latest,
      extended: latest.extended ?? before?.extended,
      cpu: add(before?.cpu, latest.cpu_percent),
      memory: add(before?.memory, latest.mem_percent),
      network: add(before?.network, latest.net_bytes_per_sec ?? 0),
      at: Date.now(),
    })
  }
  pending.clear()
  figures.value = next
}
