/** Drawn on a grid of 24, in the colour of the text. */
const paths = {
  overview: 'M4 20V11M10 20V4M16 20v-7M22 20H2',
  calls: 'M3 12h4l3-8 4 16 3-8h4',
  tenants: 'M4 21V5l8-2v18M12 9l8 2v10M2 21h20M8 8v.01M8 12v.01M8 16v.01M16 14v.01M16 17v.01',
  keys: 'M15.5 7.5a4.5 4.5 0 1 1-4 6.6L4 21H2v-3l8-8a4.5 4.5 0 0 1 5.5-2.5zM17 12v.01',
  policies: 'M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6zM9 12l2 2 4-4',
  audit: 'M6 3h9l4 4v14H6zM14 3v5h5M9 13h7M9 17h5',
  playground: 'M4 5h16v11H9l-5 4z',
  users:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2 20c.5-4 3-6 7-6s6.5 2 7 6M16 4.5a3.5 3.5 0 0 1 0 6M18 14.5c2.5.8 3.7 2.7 4 5.5',
  health: 'M12 20.5C5 16 2.5 12.5 2.5 8.8A4.8 4.8 0 0 1 12 7a4.8 4.8 0 0 1 9.5 1.8c0 3.7-2.5 7.2-9.5 11.7z',
  webhooks: 'M4 12a8 8 0 0 1 8-8M4 12a8 8 0 0 0 8 8M8 12a4 4 0 0 1 4-4M8 12a4 4 0 0 0 4 4M12 12h9M18 9l3 3-3 3',
  configuration:
    'M4 7h9M19 7h1M4 17h1M11 17h9M16 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z',
  print: 'M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z',
  menu: 'M4 7h16M4 12h16M4 17h16',
  close: 'M6 6l12 12M18 6L6 18',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  check: 'M5 12l5 5L20 7',
  plus: 'M12 5v14M5 12h14',
  rotate: 'M20 11a8 8 0 1 0-2 6M20 4v7h-7',
  out: 'M15 4h5v16h-5M10 8l-4 4 4 4M6 12h9',
  sun: 'M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z',
  auto: 'M3 5h18v11H3zM9 20h6M12 16v4',
  send: 'M12 20V5M6 11l6-6 6 6',
  stop: 'M7 7h10v10H7z',
  columns: 'M4 4h16v16H4zM12 4v16',
  down: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  pause: 'M8 5v14M16 5v14',
  play: 'M7 4l13 8-13 8z',
  alert: 'M12 3l10 18H2zM12 10v5M12 18v.01',
  chain: 'M10 14a4 4 0 0 0 6 .5l3-3a4.2 4.2 0 0 0-6-6l-1.5 1.5M14 10a4 4 0 0 0-6-.5l-3 3a4.2 4.2 0 0 0 6 6l1.5-1.5',
} as const

export type IconName = keyof typeof paths

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  )
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect class="mark-ground" width="32" height="32" rx="9" />
      <path class="mark-line" d="M9 23V13a7 7 0 0 1 14 0v4" />
      <circle class="mark-dot" cx="23" cy="21.5" r="3" />
    </svg>
  )
}
