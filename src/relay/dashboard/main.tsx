/** The dashboard begins here. */
import { render } from 'preact'
import { App } from './app.js'
import { arrive } from './provider-sign-in.js'
import { applyTheme } from './theme.js'

applyTheme()
arrive()
const root = document.getElementById('app')
if (root) render(<App />, root)
