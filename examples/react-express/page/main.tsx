/** @jsxImportSource react */
import { createRoot } from 'react-dom/client'
import { Chat } from '../../chat/page/chat.tsx'

const app = document.getElementById('app')
if (app) createRoot(app).render(<Chat />)
