import type { TextPart } from '../core/message.js'

/** What a search of tools has found, for whoever reads texts: the tool itself is offered beside it. */
export const foundTool = (name: string): TextPart => ({ type: 'text', text: `The tool "${name}" can be called now.` })
