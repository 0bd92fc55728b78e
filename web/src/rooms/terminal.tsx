import { FitAddon } from '@xterm/addon-fit'
import { Terminal } from '@xterm/xterm'
import { useEffect, useRef, useState } from 'preact/hooks'
import { to } from '../app/router.ts'
import { withConstructedStyles } from '../parts/constructed-styles.ts'

/** A shell in a container. What is typed goes as it is; what comes back is shown as a terminal does. */
export default function ShellTerminal({ hostId, id }: { hostId: string; id: string }) {
  const place = useRef<HTMLDivElement>(null)
  const [ended, setEnded] = useState('')
  const [attempt, setAttempt] = useState(0)

  useEffect(() => {
    setEnded('')
    const style = getComputedStyle(document.documentElement)
    const terminal = new Terminal({
      fontFamily: style.getPropertyValue('--mono'),
      fontSize: 14,
      cursorBlink: !matchMedia('(prefers-reduced-motion: reduce)').matches,
      scrollback: 10_000,
      theme: { background: '#0e1116', foreground: '#e7ebf0' },
    })
    const fit = new FitAddon()
    terminal.loadAddon(fit)
    const dropStyles = withConstructedStyles(() => terminal.open(place.current!))
    const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api${to('hosts', hostId, 'containers', id, 'shell')}`)
    socket.binaryType = 'arraybuffer'
    const resize = (): void => {
      fit.fit()
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ resize: { cols: terminal.cols, rows: terminal.rows } }))
    }
    socket.onopen = () => {
      resize()
      terminal.focus()
    }
    socket.onmessage = (event: MessageEvent<ArrayBuffer>) => terminal.write(new Uint8Array(event.data))
    let opened = false
    socket.addEventListener('open', () => {
      opened = true
    })
    socket.onclose = event =>
      setEnded(
        event.reason ||
          (opened ? 'The connection to the hub was lost, and the shell with it.' : 'The shell could not be opened: the host is offline, or it is not allowed.'),
      )
    const encoder = new TextEncoder()
    terminal.onData(data => {
      if (socket.readyState === WebSocket.OPEN) socket.send(encoder.encode(data))
    })
    const observer = new ResizeObserver(resize)
    observer.observe(place.current!)
    return () => {
      observer.disconnect()
      socket.onclose = null
      socket.close()
      terminal.dispose()
      dropStyles()
    }
  }, [hostId, id, attempt])

  return (
    <section class="terminal" aria-label="terminal">
      <div ref={place} />
      {ended && (
        <p role="alert">
          {ended}{' '}
          <button type="button" autoFocus onClick={() => setAttempt(attempt + 1)}>
            New shell
          </button>
        </p>
      )}
    </section>
  )
}
