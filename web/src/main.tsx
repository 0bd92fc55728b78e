import { render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { startFocus } from './app/focus.ts'
import { startKeys } from './app/keys.ts'
import { navigate, path, startRouter } from './app/router.ts'
import { Shell } from './app/shell.tsx'
import { startTheme } from './app/theme.ts'
import { startPolicies } from './data/allowed.ts'
import { readContainers, startContainers } from './data/containers.ts'
import { startHealthChecks } from './data/health-checks.ts'
import { readHosts, startHosts } from './data/hosts.ts'
import { live, startLive } from './data/live.ts'
import { readOperations, startOperations } from './data/operations.ts'
import { untilDone } from './data/retry.ts'
import { me, readMe, takeWanted } from './data/session.ts'
import { readUpdates, startUpdates } from './data/updates.ts'
import { Later } from './parts/later.tsx'
import { Container } from './rooms/container.tsx'
import { Containers } from './rooms/containers.tsx'
import { Events } from './rooms/events.tsx'
import { HostRoom } from './rooms/host.tsx'
import { Hosts } from './rooms/hosts.tsx'
import { SignIn, SignInAgain } from './rooms/sign-in.tsx'
import '@xterm/xterm/css/xterm.css'
import 'uplot/dist/uPlot.min.css' // with the page's own: what is loaded later brings no style sheets
import './styles/page.css'
import './styles/logs.css'
import './styles/stacks.css'
import './styles/updates.css'

/** The rooms of stacks, which are loaded when somebody goes there. */
function StackRooms() {
  const [, hostId = '', name = ''] = path.value
  if (hostId === 'new') return <Later key="new" load={() => import('./rooms/stack-new.tsx')} props={{}} />
  if (name) return <Later key={hostId + '/' + name} load={() => import('./rooms/stack.tsx')} props={{ hostId, name }} />
  return <Later key="all" load={() => import('./rooms/stacks.tsx')} props={{}} />
}

function Room() {
  const [room = 'hosts'] = path.value
  if (room === 'hosts') return path.value.length > 1 ? <HostRoom /> : <Hosts />
  if (room === 'containers') return path.value.length > 1 ? <Container /> : <Containers />
  if (room === 'stacks') return <StackRooms />
  if (room === 'events') return <Events />
  if (room === 'logs') return <Later key="logs" load={() => import('./rooms/logs.tsx')} props={{}} />
  if (room === 'settings') return <Later key={room} load={() => import('./settings/settings.tsx')} props={{}} />
  if (room === 'account') return <Later key={room} load={() => import('./settings/account.tsx')} props={{}} />
  if (room === 'operations') return <Later key="operations" load={() => import('./rooms/operations.tsx')} props={{}} />
  return (
    <div class="empty">
      <h1>There is no such room</h1>
      <p>
        <a href="/">Back to the hosts</a>
      </p>
    </div>
  )
}

function Page() {
  const [problem, setProblem] = useState('')
  useEffect(() => {
    const stop = new AbortController()
    void untilDone(readMe, setProblem, stop.signal)
    return () => stop.abort()
  }, [])
  const known = me.value
  useEffect(() => {
    if (!known) return
    const stop = new AbortController()
    const wanted = takeWanted()
    if (wanted && path.value.length === 0) navigate(wanted, true)
    const read = (): Promise<void> => Promise.all([readHosts(), readContainers(), readOperations(), readUpdates()]).then(() => undefined)
    void startLive(stop.signal).then(() => untilDone(read, setProblem, stop.signal))
    return () => stop.abort()
  }, [known?.who])

  if (path.value[0] === 'setup') return <SignIn first />
  if (known === null) return <SignIn first={false} />
  if (known === undefined)
    return (
      <p class="first quiet" role="status">
        {problem || 'One moment…'}
      </p>
    )
  return (
    <Shell>
      {problem && live.value && (
        <p class="stale" role="alert">
          {problem}
        </p>
      )}
      <Room />
      <SignInAgain />
    </Shell>
  )
}

startTheme()
startRouter()
startKeys()
startFocus()
startHosts()
startContainers()
startPolicies()
startHealthChecks()
startOperations()
startUpdates()
render(<Page />, document.body)
