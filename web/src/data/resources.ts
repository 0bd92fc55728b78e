import type { Schema } from './schema.ts'

export type Image = Required<Schema<'ImageSummary'>>
export type Network = Required<Schema<'NetworkSummary'>>
export type Volume = Required<Schema<'VolumeSummary'>>

/** What would be removed, and what would not. */
export interface Plan {
  /** `nameOnly`: the thing itself stays, under another name. */
  goes: { id: string; name: string; note: string; nameOnly?: true }[]
  stays: { id: string; name: string; why: string }[]
  /** Bytes at most; undefined when Docker does not tell. */
  bytes: number | undefined
}

/** Who uses something, as a reason why it stays; containers that the policy of the host hides are counted. */
export function users(item: { containers: readonly { name: string }[]; container_count: number }): string {
  const names = item.containers.map(container => container.name)
  const hidden = item.container_count - names.length
  const shown = names.slice(0, 3)
  if (names.length > 3) shown.push(`${names.length - 3} more`)
  if (hidden > 0) shown.push(`${hidden} that the policy of the host hides`)
  return 'used by ' + shown.join(', ')
}

export const nameOfImage = (image: Image): string => image.tags[0] ?? image.id

const imageEntry = (image: Image): { id: string; name: string } => ({ id: image.id, name: image.tags.length > 0 ? image.tags.join(', ') : image.id })

/** A tag as Docker sorts it. */
function fullName(tag: string): string {
  const [first = '', ...rest] = tag.split('/')
  if (rest.length === 0) return 'docker.io/library/' + tag
  return /[.:]/.test(first) || first === 'localhost' ? tag : 'docker.io/' + tag
}

/** The tags that an image in use loses when images are pruned: Docker takes all but one, in their order. */
export function lostTags(image: Image): string[] {
  if (!image.in_use || image.tags.length < 2) return []
  return [...image.tags].sort((a, b) => (fullName(a) < fullName(b) ? -1 : 1)).slice(0, -1)
}

export function removeImages(chosen: readonly Image[]): Plan {
  const goes = chosen.filter(image => !image.in_use)
  return {
    goes: goes.map(image => ({ ...imageEntry(image), note: '' })),
    stays: chosen.filter(image => image.in_use).map(image => ({ ...imageEntry(image), why: users(image) })),
    bytes: sum(goes),
  }
}

/** What Docker's prune of images takes: all that no container uses, and tags. */
export function pruneImages(images: readonly Image[]): Plan {
  const plan = removeImages(images)
  for (const image of images) {
    const lost = lostTags(image)
    const kept = image.tags.find(tag => !lost.includes(tag))
    if (lost.length > 0) plan.goes.push({ id: image.id, name: lost.join(', '), note: `the image stays as ${kept}`, nameOnly: true })
  }
  return plan
}

const sum = (images: readonly Image[]): number => images.reduce((total, image) => total + image.size, 0)

export function removeNetworks(chosen: readonly Network[]): Plan {
  const why = (network: Network): string => (network.is_builtin ? "Docker's own" : network.container_count > 0 ? users(network) : '')
  return {
    goes: chosen.filter(network => !why(network)).map(network => ({ id: network.id, name: network.name, note: '' })),
    stays: chosen.filter(why).map(network => ({ id: network.id, name: network.name, why: why(network) })),
    bytes: undefined,
  }
}

/** What Docker's prune of networks takes: it does not count stopped containers. `runs` tells of a container whether it runs. */
export function pruneNetworks(networks: readonly Network[], runs: (containerId: string) => boolean): Plan {
  const plan: Plan = { goes: [], stays: [], bytes: undefined }
  for (const network of networks) {
    const { id, name } = network
    if (network.is_builtin) plan.stays.push({ id, name, why: "Docker's own" })
    else if (network.containers.some(container => runs(container.id)) || network.container_count > network.containers.length)
      plan.stays.push({ id, name, why: users(network) })
    else
      plan.goes.push({
        id,
        name,
        note: network.containers.length > 0 ? `${network.containers.map(container => container.name).join(', ')} cannot be started without it` : '',
      })
  }
  return plan
}

export function removeVolumes(chosen: readonly Volume[]): Plan {
  return {
    goes: chosen.filter(volume => !volume.in_use).map(volume => ({ id: volume.name, name: volume.name, note: '' })),
    stays: chosen.filter(volume => volume.in_use).map(volume => ({ id: volume.name, name: volume.name, why: users(volume) })),
    bytes: undefined,
  }
}

/** What Docker's prune of volumes takes: those of its own driver that no container has, running or not. */
export function pruneVolumes(volumes: readonly Volume[]): Plan {
  const plan = removeVolumes(volumes)
  const others = new Set(volumes.filter(volume => volume.driver !== 'local').map(volume => volume.name))
  const driver = (name: string): string => volumes.find(volume => volume.name === name)!.driver
  return {
    goes: plan.goes.filter(item => !others.has(item.id)),
    stays: [
      ...plan.stays,
      ...plan.goes
        .filter(item => others.has(item.id))
        .map(item => ({ id: item.id, name: item.name, why: `Docker leaves those of the driver ${driver(item.id)}` })),
    ],
    bytes: undefined,
  }
}

/** Whether two plans would take the same. */
export const samePlan = (a: Plan, b: Plan): boolean =>
  JSON.stringify(a.goes.map(item => item.id + item.name).sort()) === JSON.stringify(b.goes.map(item => item.id + item.name).sort())
