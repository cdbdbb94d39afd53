/** @jsxImportSource react */
import type { ReactNode } from 'react'
import '../../chat/page/style.css'
import './colours.css'

export const metadata = {
  title: 'Chat on a leash',
  icons:
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='8' fill='%230b6b62'/%3E%3Cpath d='M9 23V13a7 7 0 0 1 14 0v3' fill='none' stroke='white' stroke-width='3' stroke-linecap='round'/%3E%3Ccircle cx='23' cy='20.5' r='3' fill='white'/%3E%3C/svg%3E",
}

export default function Layout({ children }: { readonly children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  )
}
