import { computed, signal } from '@preact/signals'

/** The address of what is shown. Addresses are states that can be shared: filters, sorting and ranges are in the query. */
const address = signal(typeof location === 'undefined' ? new URL('http://localhost/') : new URL(location.href))

/** The path in parts: `/hosts/7f3a` is `['hosts', '7f3a']`. */
export const path = computed(() => address.value.pathname.split('/').filter(Boolean).map(decodeURIComponent))

/** One value of the query; '' without it. */
export const query = (name: string): string => address.value.searchParams.get(name) ?? ''

/** Goes to another address of this page. */
export function navigate(to: string, replace = false): void {
  const next = new URL(to, address.value)
  if (next.href === address.value.href) return
  if (replace) history.replaceState(null, '', next)
  else history.pushState(null, '', next)
  address.value = next
}

/** Changes values of the query, without a new entry in the history; '' removes one. */
export function setQuery(values: Record<string, string>): void {
  const next = new URL(address.value)
  for (const [name, value] of Object.entries(values)) {
    if (value === '') next.searchParams.delete(name)
    else next.searchParams.set(name, value)
  }
  navigate(next.href, true)
}

/** A path of parts, each encoded. */
export const to = (...parts: string[]): string => '/' + parts.map(encodeURIComponent).join('/')

/** Follows the browser's buttons, and links of the page without loading it again. */
export function startRouter(): void {
  addEventListener('popstate', () => {
    address.value = new URL(location.href)
  })
  document.addEventListener('click', event => {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    if (link.origin !== location.origin || link.target || link.hasAttribute('download') || link.dataset['native'] !== undefined) return
    event.preventDefault()
    navigate(link.href)
  })
}
