import { containers } from '../data/containers.ts'
import { nameOfImage, pruneImages, removeImages, type Image } from '../data/resources.ts'
import { updates } from '../data/updates.ts'
import { Age } from '../parts/age.tsx'
import { bytes, count, visible } from '../parts/text.ts'
import { CheckNow } from '../updates/check-now.tsx'
import { fullId, Resources, Users, type Kind } from './resources.tsx'

/** The first container of an image that there is an update for. */
const updateOf = (image: Image, hostId: string) =>
  image.containers.map(user => updates.value.get(`${hostId}:${fullId(hostId, user.id) ?? user.id}`)).find(update => update?.update_available)

const kind: Kind<Image> = {
  path: 'images',
  one: 'image',
  columns: hostId => [
    {
      name: 'name',
      title: 'Image',
      cell: image => (
        <span title={[...image.tags, image.id].join('\n')}>
          {image.dangling ? <span class="quiet">no name, {image.id}</span> : visible(image.tags.join(', '))}
          {updateOf(image, hostId) && <span class="tag update">update available</span>}
        </span>
      ),
    },
    { name: 'size', title: 'Size', width: '6rem', right: true, cell: image => bytes(image.size) },
    { name: 'created', title: 'Age', width: '5rem', right: true, wide: true, cell: image => <Age of={image.created} /> },
    { name: 'users', title: 'Used by', cell: image => <Users hostId={hostId} row={image} /> },
  ],
  orders: {
    name: image => (image.dangling ? '\uffff' : nameOfImage(image).toLowerCase()),
    size: image => image.size,
    created: image => -Date.parse(image.created),
    users: image => image.container_count,
  },
  keyOf: image => image.id,
  text: image => [...image.tags, image.id].join(' '),
  isUnused: image => !image.in_use,
  shows: [
    { name: 'dangling', title: 'Dangling', is: image => image.dangling },
    { name: 'update', title: 'Update available', is: (image, hostId) => updateOf(image, hostId) !== undefined },
  ],
  summary: images => {
    const unused = images.filter(image => !image.in_use)
    const size = (some: readonly Image[]): string => bytes(some.reduce((sum, image) => sum + image.size, 0))
    return `${count(images.length, 'image')}, ${size(images)}; ${unused.length} of them unused, ${size(unused)}. Layers that several have are counted for each.`
  },
  // Docker refuses the id of an image with several tags unless it is forced.
  address: (id, image) => encodeURIComponent(id) + (image && image.tags.length > 1 ? '?force=true' : ''),
  removing: {
    action: 'remove_image',
    plan: removeImages,
    text: 'An image can be pulled again, as long as its registry has it. Layers that other images have as well stay on the disk.',
  },
  pruning: {
    action: 'prune_images',
    plan: pruneImages,
    text:
      'Docker removes what no container uses at that moment. Of an image in use that has several names it keeps one: those it takes are listed as ' +
      'engines without the containerd image store choose them. ' +
      'Layers that other images have as well stay on the disk, so less may become free.',
  },
  hasData: false,
  tools: hostId => <CheckNow rows={[...containers.values()].filter(item => item.host_id === hostId)} />,
}

/** The images of a host. */
export default function Images({ hostId }: { hostId: string }) {
  return <Resources hostId={hostId} kind={kind} />
}
