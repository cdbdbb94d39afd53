'use client'

/** @jsxImportSource react */
import { Chat } from '../../chat/page/chat.tsx'

export default function Page() {
  return <Chat />
}
