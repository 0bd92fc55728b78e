import { computed, effect, signal } from '@preact/signals'

/** What the user chose; `auto` follows the system. */
export type Theme = 'auto' | 'light' | 'dark'

const stored = (): Theme => {
  const value = localStorage.getItem('theme')
  return value === 'light' || value === 'dark' ? value : 'auto'
}

export const theme = signal<Theme>('auto')

const systemIsDark = signal(false)

/** Whether it is dark now: for what is painted, and does not follow the style sheet by itself. */
export const dark = computed(() => (theme.value === 'auto' ? systemIsDark.value : theme.value === 'dark'))

export function startTheme(): void {
  theme.value = stored()
  const system = matchMedia('(prefers-color-scheme: dark)')
  systemIsDark.value = system.matches
  system.addEventListener('change', () => {
    systemIsDark.value = system.matches
  })
  effect(() => {
    const chosen = theme.value
    document.documentElement.style.colorScheme = chosen === 'auto' ? 'light dark' : chosen
    if (chosen === 'auto') localStorage.removeItem('theme')
    else localStorage.setItem('theme', chosen)
  })
}
