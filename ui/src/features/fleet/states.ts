/** How states look. Class names are whole: Tailwind finds them here. */
const TONES: Readonly<Record<string, string>> = {
  running: 'bg-success',
  paused: 'bg-warning',
  starting: 'bg-info animate-pulse',
  pending: 'bg-info animate-pulse',
  stopping: 'bg-info animate-pulse',
  stopped: 'bg-accented',
  failed: 'bg-error',
  quarantined: 'bg-error',
  unknown: 'bg-error',
}

export function toneOf(state: string): string {
  return TONES[state] ?? 'bg-accented'
}

/** Of an amount or a ratio: gains and losses differ by their sign too. */
export function toneOfAmount(value: string | number): string {
  const size = Number(value)
  if (size === 0) return 'text-muted'
  return size > 0 ? 'text-success' : 'text-error'
}

/** Whether a bot is as it was asked to be. */
export function isThere(state: string, desired: string): boolean {
  return state === desired || (desired === 'deleted' && state === 'stopped')
}
