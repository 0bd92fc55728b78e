import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { heardAt, live } from '../data/live.ts'
import { retryNow } from '../data/retry.ts'
import { ended, me, signOut } from '../data/session.ts'
import { Confirm } from '../parts/confirm.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Icon, type IconName } from '../parts/icons.tsx'
import { Later } from '../parts/later.tsx'
import { duration, visible } from '../parts/text.ts'
import { Toasts } from '../parts/toasts.tsx'
import { asked, closeUpdate } from '../updates/asked.ts'
import { addShortcuts, shortcuts } from './keys.ts'
import { Palette } from './palette.tsx'
import { navigate, path } from './router.ts'
import { theme } from './theme.ts'

const rooms: readonly { path: string; title: string; icon: IconName; key: string }[] = [
  { path: 'hosts', title: 'Hosts', icon: 'hosts', key: 'g h' },
  { path: 'containers', title: 'Containers', icon: 'containers', key: 'g c' },
  { path: 'stacks', title: 'Stacks', icon: 'stacks', key: 'g s' },
  { path: 'logs', title: 'Logs', icon: 'logs', key: 'g l' },
  { path: 'events', title: 'Events', icon: 'events', key: 'g e' },
  { path: 'operations', title: 'Operations', icon: 'update', key: 'g o' },
]

/** What is not about Docker: in the menu of the user. */
const places: readonly { path: string; title: string; key: string }[] = [
  { path: 'account', title: 'My account', key: 'g a' },
  { path: 'settings', title: 'Settings', key: 'g u' },
]

const nextTheme = { auto: 'light', light: 'dark', dark: 'auto' } as const

/** What is around every room: where one can go, whether what is shown is fresh, who is signed in. */
export function Shell({ children }: { children: ComponentChildren }) {
  const [open, setOpen] = useState<'palette' | 'keys' | ''>('')
  useLayoutEffect(
    () =>
      addShortcuts([
        ...[...rooms, ...places].map(room => ({ key: room.key, does: 'go to ' + room.title, run: () => navigate('/' + room.path) })),
        {
          key: 't',
          does: 'change the theme',
          run: () => {
            theme.value = nextTheme[theme.value]
          },
        },
        { key: '?', does: 'show these keys', run: () => setOpen('keys') },
      ]),
    [],
  )
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      setOpen(old => (old === 'palette' ? '' : 'palette'))
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
  // Who comes in by a form, or by a link that is gone with its room, is in the room, and not nowhere.
  useEffect(() => {
    if (document.activeElement === document.body) document.getElementById('room')?.focus({ preventScroll: true })
  }, [path.value.join('/')])
  const here = path.value[0] ?? 'hosts'
  const menu = useRef<HTMLDetailsElement>(null)
  useEffect(() => {
    menu.current?.removeAttribute('open')
  }, [here])
  return (
    <>
      <a class="skip" href="#room" data-native>
        Skip to the room
      </a>
      <header class="top">
        <a class="brand" href="/">
          <img src="/icon.svg" alt="" width="24" height="24" />
          <span>DockMon</span>
        </a>
        <nav aria-label="Rooms">
          {rooms.map(room => (
            <a key={room.path} href={'/' + room.path} aria-current={here === room.path ? 'page' : undefined}>
              <Icon name={room.icon} />
              <span>{room.title}</span>
            </a>
          ))}
        </nav>
        <button type="button" class="find" onClick={() => setOpen('palette')}>
          <Icon name="search" />
          <span>Find</span>
          <kbd>Ctrl K</kbd>
        </button>
        <button
          type="button"
          class="plain"
          onClick={() => {
            theme.value = nextTheme[theme.value]
          }}
          title={'Theme: ' + theme.value}
          aria-label={'Theme: ' + theme.value}
        >
          <Icon name="sun" />
        </button>
        <details class="account" ref={menu}>
          <summary>{visible(me.value?.name ?? me.value?.who ?? '')}</summary>
          <div>
            <p class="quiet">{me.value?.role}</p>
            {places.map(place => (
              <a key={place.path} href={'/' + place.path} aria-current={here === place.path ? 'page' : undefined}>
                {place.title}
              </a>
            ))}
            <button type="button" onClick={() => void signOut()}>
              Sign out
            </button>
          </div>
        </details>
      </header>
      <Freshness />
      <main id="room" tabIndex={-1}>
        {children}
      </main>
      <Toasts />
      <Confirm />
      {asked.value && <Later load={() => import('../updates/dialog.tsx')} props={{ asked: asked.value, onClose: closeUpdate }} />}
      {open === 'palette' && <Palette onClose={() => setOpen('')} />}
      {open === 'keys' && (
        <Dialog label="Keys" class="keys" onClose={() => setOpen('')}>
          <h2>Keys</h2>
          <dl>
            <dt>
              <kbd>Ctrl K</kbd>
            </dt>
            <dd>find anything</dd>
            {[...new Map(shortcuts().map(item => [item.key, item])).values()].map(item => (
              <>
                <dt>
                  <kbd>{item.key === ' ' ? 'Space' : item.key}</kbd>
                </dt>
                <dd>{item.does}</dd>
              </>
            ))}
          </dl>
          <button type="button" autoFocus onClick={() => setOpen('')}>
            Close
          </button>
        </Dialog>
      )}
    </>
  )
}

/** Says when what is shown does not follow any more, and how old it is. A break of a few seconds is not worth a word. */
function Freshness() {
  const [age, setAge] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setAge(live.value || heardAt.value === 0 ? 0 : (Date.now() - heardAt.value) / 1000), 1000)
    return () => clearInterval(timer)
  }, [])
  // The dialog to sign in again says why.
  if (age < 3 || ended.value) return null
  return (
    <div class="stale">
      <Icon name="warn" />
      <span role="alert">No connection to the hub; it is tried again by itself.</span>
      <b>What is shown is {duration(age)} old.</b>
      <button type="button" onClick={retryNow}>
        Try now
      </button>
    </div>
  )
}
