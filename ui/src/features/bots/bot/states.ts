/** How states and conditions look, and which conditions the catalogue knows what to do about. */
export type Tone = 'success' | 'info' | 'warning' | 'error' | 'neutral'

const TONES: Record<string, Tone> = {
  running: 'success', paused: 'info', pending: 'info', starting: 'info', stopping: 'warning', stopped: 'neutral',
  failed: 'error', quarantined: 'error', unknown: 'warning',
}
export const toneOf = (state: string): Tone => TONES[state] ?? 'neutral'

/** Those that pass by themselves, or are meant. */
const CALM = new Set(['ExchangeUnreachable', 'Flattening', 'Moving', 'Arriving', 'Locked', 'Hung'])
export const conditionTone = (type: string): Tone => (CALM.has(type) ? 'warning' : 'error')
