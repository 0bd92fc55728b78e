import { say } from './toasts.tsx'

/** Copies a text. Browsers give the clipboard to pages with TLS only; without it the old way is tried. */
export async function copy(text: string): Promise<void> {
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(text)
    else if (!copiedTheOldWay(text)) throw new Error('not allowed')
    say('Copied')
  } catch {
    say('The browser does not allow that here: mark the text and copy it.', 'bad')
  }
}

function copiedTheOldWay(text: string): boolean {
  const area = document.createElement('textarea')
  area.value = text
  // Within an open dialog: what is beside it cannot be chosen.
  const place = document.querySelector('dialog[open]') ?? document.body
  place.append(area)
  area.select()
  const done = document.execCommand('copy')
  area.remove()
  return done
}

export const CopyButton = ({ text, label = 'Copy', what }: { text: string; label?: string; what?: string }) => (
  <button type="button" disabled={text === ''} aria-label={what && `${label} ${what}`} onClick={() => void copy(text)}>
    {label}
  </button>
)

/** A secret that is shown this once, and copied from here. */
export const Secret = ({ text, label }: { text: string; label: string }) => (
  <div class="secret">
    <output aria-label={label}>{text}</output>
    <CopyButton text={text} what={label} />
  </div>
)
