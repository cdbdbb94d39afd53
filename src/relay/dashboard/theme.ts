/** Light or dark: as the system says, until somebody chooses. */
export type Theme = 'auto' | 'light' | 'dark'

const name = 'leash-theme'
const themes: readonly Theme[] = ['auto', 'light', 'dark']

export function theme(): Theme {
  return themes.find((known) => known === localStorage.getItem(name)) ?? 'auto'
}

export function setTheme(chosen: Theme): void {
  localStorage.setItem(name, chosen)
  applyTheme()
}

export function applyTheme(): void {
  const root = document.documentElement
  const chosen = theme()
  if (chosen === 'auto') root.removeAttribute('data-theme')
  else root.setAttribute('data-theme', chosen)
  // Canvases do not follow a style sheet by themselves.
  dispatchEvent(new Event('leash-theme'))
}

/** @returns a function that stops listening */
export function onTheme(listener: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)')
  addEventListener('leash-theme', listener)
  system.addEventListener('change', listener)
  return () => {
    removeEventListener('leash-theme', listener)
    system.removeEventListener('change', listener)
  }
}
