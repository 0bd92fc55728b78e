import { duration } from '../parts/text.ts'

/** How old something is, with the time itself to be read when pointed at. */
export function Age({ of }: { of: string }) {
  const at = Date.parse(of)
  return Number.isNaN(at) ? (
    <>–</>
  ) : (
    <time dateTime={of} title={new Date(at).toLocaleString()}>
      {duration((Date.now() - at) / 1000)}
    </time>
  )
}
