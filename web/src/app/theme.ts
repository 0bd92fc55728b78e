import { effect, signal } from '@preact/signals'

/** What the user chose; `auto` follows the system. */
export type Theme = 'auto' | 'light' | 'dark'

const stored = (): Theme => {
  const value = localStorage.getItem('theme')
  return value === 'light' || value === 'dark' ? value : 'auto'
}

export const theme = signal<Theme>('auto')

export function startTheme(): void {
  theme.value = stored()
  effect(() => {
    const chosen = theme.value
    document.documentElement.style.colorScheme = chosen === 'auto' ? 'light dark' : chosen
    if (chosen === 'auto') localStorage.removeItem('theme')
    else localStorage.setItem('theme', chosen)
  })
}
