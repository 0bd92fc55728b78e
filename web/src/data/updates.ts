import { computed, signal } from '@preact/signals'
import { get } from './http.ts'
import { listen, onGap } from './live.ts'
import type { Schema } from './schema.ts'

/** What is known of newer images for a container. */
export type Update = Schema<'ContainerUpdate'>

/** By `HOST:CONTAINER`; a container that is missing was not checked yet. */
export const updates = signal<ReadonlyMap<string, Update>>(new Map())

/** Those that there is a newer image for. */
export const available = computed(() => new Set([...updates.value].filter(([, update]) => update.update_available).map(([key]) => key)))

/** In one word, as filters have it. */
export const updateWord = (update: Update | undefined): 'available' | 'none' | 'unknown' =>
  update?.update_available === true ? 'available' : update?.update_available === false ? 'none' : 'unknown'

const keyed = (list: readonly Update[]): [string, Update][] => list.map(item => [item.host_id + ':' + item.container_id, item])

export async function readUpdates(): Promise<void> {
  updates.value = new Map(keyed(await get<Update[]>('/api/updates')))
}

const waiting = new Map<string, number>()

/** Reads those of a host again, once in a while although much happens there. */
function again(hostId: string, after: number): void {
  if (waiting.has(hostId)) return
  const run = async (): Promise<void> => {
    waiting.delete(hostId)
    try {
      const list = (await get<Update[]>(`/api/hosts/${encodeURIComponent(hostId)}/updates`)).filter(item => item.checked_at)
      updates.value = new Map([...[...updates.value].filter(([key]) => !key.startsWith(hostId + ':')), ...keyed(list)])
    } catch (error) {
      console.info('the updates of', hostId, 'were not read:', error) // The next check, or the next gap, reads them.
    }
  }
  waiting.set(
    hostId,
    window.setTimeout(() => void run(), after),
  )
}

/** Takes in that images were checked, and that there are other containers. */
export function startUpdates(): void {
  listen(({ name, hostId, data }) => {
    if (name === 'images_checked') again(hostId, 100)
    else if (name === 'containers_changed' && (data as { added?: unknown[] }).added?.length) again(hostId, 2000)
  })
  onGap(readUpdates)
}
