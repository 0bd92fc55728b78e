import { pruneVolumes, removeVolumes, type Volume } from '../data/resources.ts'
import { Age } from '../parts/age.tsx'
import { count, visible } from '../parts/text.ts'
import { Resources, Users, type Kind } from './resources.tsx'

const isAnonymous = (volume: Volume): boolean => /^[0-9a-f]{64}$/.test(volume.name)

const kind: Kind<Volume> = {
  path: 'volumes',
  one: 'volume',
  columns: hostId => [
    {
      name: 'name',
      title: 'Volume',
      cell: volume => (
        <span title={volume.name}>
          {isAnonymous(volume) ? (
            <>
              {volume.name.slice(0, 12)}… <span class="tag">anonymous</span>
            </>
          ) : (
            visible(volume.name)
          )}
        </span>
      ),
    },
    { name: 'driver', title: 'Driver', width: '6rem', wide: true, cell: volume => visible(volume.driver) },
    { name: 'mountpoint', title: 'On the host', wide: true, cell: volume => <span title={volume.mountpoint}>{visible(volume.mountpoint) || '–'}</span> },
    { name: 'created', title: 'Age', width: '5rem', right: true, wide: true, cell: volume => <Age of={volume.created} /> },
    { name: 'users', title: 'Used by', cell: volume => <Users hostId={hostId} row={volume} /> },
  ],
  orders: {
    name: volume => volume.name.toLowerCase(),
    driver: volume => volume.driver,
    mountpoint: volume => volume.mountpoint,
    created: volume => -Date.parse(volume.created),
    users: volume => volume.container_count,
  },
  keyOf: volume => volume.name,
  text: volume => `${volume.name} ${volume.driver} ${volume.mountpoint}`,
  isUnused: volume => !volume.in_use,
  shows: [{ name: 'anonymous', title: 'Anonymous', is: isAnonymous }],
  summary: volumes =>
    `${count(volumes.length, 'volume')}, ${volumes.filter(volume => !volume.in_use).length} of them unused. Docker does not tell their sizes here.`,
  address: id => encodeURIComponent(id),
  removing: { action: 'delete_volume', plan: removeVolumes, text: 'What is in a volume goes with it and cannot be brought back.' },
  pruning: {
    action: 'prune_volumes',
    plan: pruneVolumes,
    text:
      'What is in them goes with them and cannot be brought back; how much that is, Docker tells afterwards. ' +
      'Volumes that were made with options of the driver, such as for NFS, stay although they may be listed.',
  },
  hasData: true,
}

/** The volumes of a host. */
export default function Volumes({ hostId }: { hostId: string }) {
  return <Resources hostId={hostId} kind={kind} />
}
