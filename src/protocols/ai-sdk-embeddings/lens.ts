import { embeddingsLens } from '../embeddings-lens.js'
import { readUsage } from './response.js'

export const lens = embeddingsLens(['values.*'], readUsage)
