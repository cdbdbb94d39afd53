#!/usr/bin/env node
import { defineCommand, runMain } from 'citty'
import { chat } from './chat.js'
import { doctor } from './doctor.js'
import { health } from './health.js'
import { mock } from './mock.js'
import { models } from './models.js'
import { prices } from './prices.js'

const leash = defineCommand({
  meta: { name: 'leash', description: 'Language-model calls on a leash.' },
  subCommands: { chat, models, prices, doctor, health, mock },
})

await runMain(leash)
