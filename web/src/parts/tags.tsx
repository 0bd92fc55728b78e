import { hosts } from '../data/hosts.ts'
import { visible } from './text.ts'

/** Tags as somebody types them: words with commas or spaces between them, each once. */
export const parseTags = (text: string): string[] => [
  ...new Set(
    text
      .toLowerCase()
      .split(/[\s,]+/)
      .filter(Boolean),
  ),
]

/** All tags that hosts have, in order. */
export const knownTags = (): string[] => [...new Set([...(hosts.value?.values() ?? [])].flatMap(host => host.tags ?? []))].sort()

export const TagList = ({ tags, none }: { tags: readonly string[]; none: string }) =>
  tags.length === 0 ? (
    <span class="quiet">{none}</span>
  ) : (
    <span class="tags">
      {tags.map(tag => (
        <span key={tag} class="tag">
          {visible(tag)}
        </span>
      ))}
    </span>
  )

/** A field for tags; those that hosts have can be pressed. */
export function TagsInput({ value, onChange, label, hint }: { value: string; onChange: (value: string) => void; label: string; hint: string }) {
  const chosen = parseTags(value)
  const toggle = (tag: string): void => onChange((chosen.includes(tag) ? chosen.filter(other => other !== tag) : [...chosen, tag]).join(', '))
  return (
    <div class="field">
      <label>
        {label}
        <input value={value} spellcheck={false} autocapitalize="none" autocomplete="off" onInput={event => onChange(event.currentTarget.value)} />
      </label>
      {knownTags().length > 0 && (
        <div class="tags" role="group" aria-label="tags of the hosts">
          {knownTags().map(tag => (
            <button key={tag} type="button" class="tag" aria-pressed={chosen.includes(tag)} onClick={() => toggle(tag)}>
              {visible(tag)}
            </button>
          ))}
        </div>
      )}
      <small>{hint}</small>
    </div>
  )
}
