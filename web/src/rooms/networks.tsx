import { pruneNetworks, removeNetworks, type Network } from '../data/resources.ts'
import { Age } from '../parts/age.tsx'
import { count, visible } from '../parts/text.ts'
import { find, Resources, Users, type Kind } from './resources.tsx'

const kindOf = (ofHost: string): Kind<Network> => ({
  path: 'networks',
  one: 'network',
  columns: hostId => [
    {
      name: 'name',
      title: 'Network',
      cell: network => (
        <span title={network.name + '\n' + network.id}>
          {visible(network.name)}
          {network.internal && <span class="tag">internal</span>}
          {network.is_builtin && <span class="tag">Docker's own</span>}
        </span>
      ),
    },
    { name: 'driver', title: 'Driver', width: '7rem', wide: true, cell: network => visible(network.driver) },
    { name: 'subnet', title: 'Subnet', width: '11rem', wide: true, cell: network => network.subnet || '–' },
    { name: 'created', title: 'Age', width: '5rem', right: true, wide: true, cell: network => <Age of={network.created} /> },
    { name: 'users', title: 'Used by', cell: network => <Users hostId={hostId} row={network} /> },
  ],
  orders: {
    name: network => network.name.toLowerCase(),
    driver: network => network.driver,
    subnet: network => network.subnet,
    created: network => -Date.parse(network.created),
    users: network => network.container_count,
  },
  keyOf: network => network.id,
  text: network => `${network.name} ${network.driver} ${network.subnet} ${network.id}`,
  isUnused: network => !network.is_builtin && network.container_count === 0,
  shows: [],
  summary: networks =>
    `${count(networks.length, 'network')}, ${networks.filter(network => !network.is_builtin && network.container_count === 0).length} of them unused.`,
  address: id => encodeURIComponent(id),
  removing: { action: 'delete_network', plan: removeNetworks, text: 'Networks of a stack are made again when the stack is deployed.' },
  pruning: {
    action: 'prune_networks',
    plan: networks => pruneNetworks(networks, id => ['running', 'paused', 'restarting'].includes(find(ofHost, id)?.state ?? '')),
    text:
      'Docker removes the networks that no running container is on at that moment; stopped containers do not count. ' +
      'Networks of a swarm stay while a service has them.',
  },
  hasData: false,
})

/** The networks of a host. */
export default function Networks({ hostId }: { hostId: string }) {
  return <Resources hostId={hostId} kind={kindOf(hostId)} />
}
