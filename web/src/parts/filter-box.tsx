import { useLayoutEffect, useRef } from 'preact/hooks'
import { addShortcuts, shortcuts } from '../app/keys.ts'
import { query, setQuery } from '../app/router.ts'

/** The filter of a room: it is in the address as `q`, and `/` goes to it. */
export function FilterBox({ label, placeholder }: { label: string; placeholder: string }) {
  const input = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => addShortcuts([{ key: '/', does: 'filter', run: () => input.current?.focus() }]), [])
  return (
    <input
      ref={input}
      type="search"
      class="filter"
      aria-label={label}
      placeholder={placeholder}
      spellcheck={false}
      value={query('q')}
      onInput={event => setQuery({ q: event.currentTarget.value })}
      onKeyDown={event => {
        if (event.key !== 'ArrowDown' && event.key !== 'Enter') return
        // On to what was found; in a table to its first row.
        event.preventDefault()
        const table = document.querySelector<HTMLElement>('#room .table')
        const next = table ?? document.getElementById('room')
        next?.focus()
        if (table)
          shortcuts()
            .find(item => item.key === 'Home')
            ?.run()
      }}
    />
  )
}
