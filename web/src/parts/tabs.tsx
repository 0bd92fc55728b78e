/** The parts of a room, the first one at its own address and the others below it. */
export function Tabs({ label, names, at, address }: { label: string; names: readonly string[]; at: string; address: string }) {
  return (
    <nav class="tabs" aria-label={label}>
      {names.map((name, index) => (
        <a key={name} href={index === 0 ? address : address + '/' + name} aria-current={name === at ? 'page' : undefined}>
          {(name[0]!.toUpperCase() + name.slice(1)).replaceAll('-', ' ')}
        </a>
      ))}
    </nav>
  )
}
