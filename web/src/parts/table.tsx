import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { addShortcuts } from '../app/keys.ts'

/** A column of a table. */
export interface Column<Row> {
  name: string
  title: string
  /** As CSS `grid-template-columns` would have it, for a table with `table-layout: fixed`. */
  width?: string
  /** Numbers stand at the right. */
  right?: boolean
  /** Hidden on narrow screens. */
  wide?: boolean
  sortable?: boolean
  cell: (row: Row) => ComponentChildren
}

export interface TableProps<Row> {
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  keyOf: (row: Row) => string
  sort: string
  descending: boolean
  onSort: (name: string, descending: boolean) => void
  onOpen?: (row: Row) => void
  /** Chosen rows by key; without it rows cannot be chosen. */
  chosen?: ReadonlySet<string>
  onChoose?: (chosen: ReadonlySet<string>) => void
  /** Told when other rows come into view. */
  onView?: (rows: readonly Row[]) => void
  empty: ComponentChildren
}

const ROW = 38
const SPARE = 8

/**
 * A table of any length: only the rows in view are in the document, between two empty ones that keep their place. Rows are counted for who listens
 * (`aria-rowcount`). Arrows move, Enter opens, the space bar chooses.
 */
export function Table<Row>(props: TableProps<Row>) {
  const { rows, columns, keyOf, chosen } = props
  const frame = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ from: 0, count: 40 })
  // By its key: others may come and go above it, and what a key does is meant for this row. The place is where to go on when the row is gone.
  const [last, setLast] = useState({ key: '', place: -1 })

  useLayoutEffect(() => {
    const element = frame.current!
    let waiting = 0
    const measure = (): void => {
      waiting = 0
      const from = Math.max(0, Math.floor(element.scrollTop / ROW) - SPARE)
      const count = Math.ceil(element.clientHeight / ROW) + 2 * SPARE
      setView(old => (old.from === from && old.count === count ? old : { from, count }))
    }
    const later = (): void => {
      waiting ||= requestAnimationFrame(measure)
    }
    const observer = new ResizeObserver(later)
    observer.observe(element)
    element.addEventListener('scroll', later, { passive: true })
    measure()
    return () => {
      observer.disconnect()
      cancelAnimationFrame(waiting)
      element.removeEventListener('scroll', later)
    }
  }, [])

  const from = Math.min(view.from, Math.max(0, rows.length - view.count))
  const shown = rows.slice(from, from + view.count)
  const shownKeys = shown.map(keyOf).join(' ')
  useEffect(() => {
    props.onView?.(shown)
  }, [shownKeys])

  const active = useMemo(() => (last.place < 0 ? -1 : rows.findIndex(row => keyOf(row) === last.key)), [rows, last])
  const setActive = (place: number): void => setLast({ key: keyOf(rows[place]!), place })
  const go = (index: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, index))
    if (rows.length === 0) return
    setActive(next)
    const element = frame.current!
    const top = next * ROW
    if (top < element.scrollTop) element.scrollTop = top
    else if (top + 2 * ROW > element.scrollTop + element.clientHeight) element.scrollTop = top + 2 * ROW - element.clientHeight
  }
  const choose = (row: Row | undefined): void => {
    if (!row || !chosen) return
    const next = new Set(chosen)
    if (!next.delete(keyOf(row))) next.add(keyOf(row))
    props.onChoose?.(next)
  }
  const step = (by: number): void => go(active < 0 ? last.place : active + by)
  const now = useRef({ go, step, choose, active, props, page: view.count })
  now.current = { go, step, choose, active, props, page: view.count - 2 * SPARE - 2 }
  useLayoutEffect(() => {
    const by = (rows: number) => (): void => now.current.step(rows)
    const open = (): void => {
      const row = now.current.props.rows[now.current.active]
      if (row) now.current.props.onOpen?.(row)
    }
    return addShortcuts([
      { key: 'ArrowDown', does: 'next row', run: by(1) },
      { key: 'ArrowUp', does: 'row before', run: by(-1) },
      { key: 'j', does: 'next row', run: by(1) },
      { key: 'k', does: 'row before', run: by(-1) },
      { key: 'PageDown', does: 'a page down', run: () => now.current.step(now.current.page) },
      { key: 'PageUp', does: 'a page up', run: () => now.current.step(-now.current.page) },
      { key: 'Home', does: 'first row', run: () => now.current.go(0) },
      { key: 'End', does: 'last row', run: () => now.current.go(now.current.props.rows.length - 1) },
      { key: 'Enter', does: 'open', run: open },
      ...(chosen ? [{ key: ' ', does: 'choose the row', run: () => now.current.choose(now.current.props.rows[now.current.active]) }] : []),
    ])
  }, [])

  const all = useMemo(() => rows.length > 0 && chosen !== undefined && rows.every(row => chosen.has(keyOf(row))), [rows, chosen])
  return (
    <div class="table" ref={frame} tabIndex={0} role="region" aria-label={props.label}>
      <table aria-rowcount={rows.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {chosen && (
              <th class="choose" scope="col">
                <input
                  type="checkbox"
                  checked={all}
                  aria-label="choose all"
                  disabled={rows.length === 0}
                  onChange={() => props.onChoose?.(all ? new Set() : new Set(rows.map(keyOf)))}
                />
              </th>
            )}
            {columns.map(column => (
              <th
                key={column.name}
                scope="col"
                class={cellClass(column)}
                style={column.width ? { width: column.width } : {}}
                aria-sort={props.sort !== column.name ? undefined : props.descending ? 'descending' : 'ascending'}
              >
                {column.sortable === false ? (
                  column.title
                ) : (
                  <button type="button" onClick={() => props.onSort(column.name, props.sort === column.name ? !props.descending : column.right === true)}>
                    {column.title}
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {from > 0 && <tr aria-hidden="true" style={{ height: from * ROW }} />}
          {shown.map((row, index) => {
            const key = keyOf(row)
            const place = from + index
            return (
              <tr
                key={key}
                aria-rowindex={place + 2}
                class={(place === active ? 'active ' : '') + (chosen?.has(key) ? 'chosen' : '')}
                aria-selected={chosen?.has(key)}
                onClick={event => {
                  setActive(place)
                  if (!(event.target as Element).closest('a, button, input')) props.onOpen?.(row)
                }}
              >
                {chosen && (
                  <td class="choose">
                    <input type="checkbox" checked={chosen.has(key)} aria-label={'choose row ' + (place + 1)} onChange={() => choose(row)} />
                  </td>
                )}
                {columns.map(column => (
                  <td key={column.name} class={cellClass(column)}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            )
          })}
          {from + shown.length < rows.length && <tr aria-hidden="true" style={{ height: (rows.length - from - shown.length) * ROW }} />}
        </tbody>
      </table>
      {rows.length === 0 && <div class="empty">{props.empty}</div>}
    </div>
  )
}

const cellClass = (column: { right?: boolean; wide?: boolean }): string => (column.right ? 'right ' : '') + (column.wide ? 'wide' : '')
