import { useMemo, useState } from 'preact/hooks'
import { containers, version } from '../data/containers.ts'
import { hosts } from '../data/hosts.ts'
import { stacks } from '../data/stacks.ts'
import { act, actions } from '../parts/act.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Icon, type IconName } from '../parts/icons.tsx'
import { shortImage, visible } from '../parts/text.ts'
import { shortcuts } from './keys.ts'
import { rank, rankAction } from './rank.ts'
import { navigate, to } from './router.ts'

interface Hit {
  icon: IconName
  text: string
  more: string
  run: () => void
}

const MOST_HITS = 12

/** Finds hosts, containers, stacks and actions by a few letters: `stop web`. */
export function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const hits = useMemo(() => search(text), [text, version.value, hosts.value])
  const run = (hit: Hit | undefined): void => {
    if (!hit) return
    onClose()
    hit.run()
  }
  const onKey = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step) setAt((at + step + hits.length) % Math.max(1, hits.length))
    else if (event.key === 'Enter') run(hits[at])
    else return
    event.preventDefault()
  }
  return (
    <Dialog label="Find" class="palette" onClose={onClose}>
      <input
        type="search"
        autoFocus
        list={undefined}
        value={text}
        placeholder="Hosts, containers, stacks, or an action: stop web"
        aria-label="Find"
        role="combobox"
        aria-expanded="true"
        aria-controls="hits"
        aria-activedescendant={hits.length > 0 ? 'hit-' + at : undefined}
        spellcheck={false}
        onInput={event => {
          setText(event.currentTarget.value)
          setAt(0)
        }}
        onKeyDown={onKey}
      />
      <ul id="hits" role="listbox" aria-label="found">
        {hits.map((hit, index) => (
          <li key={index} id={'hit-' + index} role="option" aria-selected={index === at} onClick={() => run(hit)} onPointerMove={() => setAt(index)}>
            <Icon name={hit.icon} />
            <span>{hit.text}</span>
            <small>{hit.more}</small>
          </li>
        ))}
      </ul>
      {hits.length === 0 && <p class="quiet">Nothing is called like that. An action needs a name, too: stop web</p>}
    </Dialog>
  )
}

/** What has all the words, the best first. Of those that are as good: containers, what is done with them, stacks, hosts, rooms. */
function search(text: string): Hit[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const ranked: [number, Hit][] = []
  const add = (hit: Hit, host?: string, place = rank(words, { name: hit.text, text: hit.text + ' ' + hit.more, host })): void => {
    if (place !== undefined) ranked.push([place, hit])
  }
  if (words.length > 0) {
    const wanted = actions.filter(item => item.action.startsWith(words[0]!))
    for (const item of containers.values()) {
      const [name, host] = [visible(item.name), visible(item.host)]
      const more = `${host} · ${shortImage(visible(item.image))}`
      add({ icon: 'containers', text: name, more, run: () => navigate(to('containers', item.host_id, item.id)) }, host)
      const place = rankAction(words, { name, text: `${name} ${host}`, host })
      for (const { action, title, icon, when } of wanted) {
        if (place !== undefined && when(item.state)) add({ icon, text: `${title} ${name}`, more: host, run: () => void act(item, action, title) }, host, place)
      }
    }
    for (const item of stacks.value.values()) {
      const [text, host] = [visible(item.name), visible(item.host)]
      add({ icon: 'stacks', text, more: `stack on ${host}`, run: () => navigate(to('stacks', item.hostId, item.name)) }, host)
    }
  }
  for (const host of hosts.value?.values() ?? []) {
    add({ icon: 'hosts', text: visible(host.hostname), more: host.connected ? 'host' : 'host, offline', run: () => navigate(to('hosts', host.id)) })
  }
  for (const item of shortcuts()) if (item.key.startsWith('g ') || item.key === 't') add({ icon: 'settings', text: item.does, more: item.key, run: item.run })
  return ranked
    .sort(([a], [b]) => a - b)
    .slice(0, MOST_HITS)
    .map(([, hit]) => hit)
}
