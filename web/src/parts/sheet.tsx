import type { ComponentChildren } from 'preact'

/** The heading of a column; one that is wide is left out where there is little room. */
type Column = string | { wide: string }

/** A small table of what somebody has set up: its children are the rows. */
export function Sheet({
  columns,
  actions = false,
  note,
  class: className,
  children,
}: {
  columns: readonly Column[]
  /** Whether the last cell of a row has what can be done with it. */
  actions?: boolean
  /** Something below the rows. */
  note?: ComponentChildren
  class?: string
  children: ComponentChildren
}) {
  return (
    <div class="sheet">
      <table class={className}>
        <thead>
          <tr>
            {columns.map(column =>
              typeof column === 'string' ? (
                <th key={column} scope="col">
                  {column}
                </th>
              ) : (
                <th key={column.wide} scope="col" class="wide">
                  {column.wide}
                </th>
              ),
            )}
            {actions && (
              <th scope="col">
                <span class="unseen">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
      {note}
    </div>
  )
}
