/** How states look: by shape as well as by colour. Class names are whole: Tailwind finds them here. */
export interface Look {
  icon: string
  ink: string
  cell: string
}

const CALM = { ink: 'text-muted', cell: 'border-default bg-elevated/40' }
const LOOKS: Readonly<Record<string, Look>> = {
  running: { icon: 'i-lucide-circle-play', ink: 'text-success', cell: 'border-success/40 bg-success/5' },
  paused: { icon: 'i-lucide-circle-pause', ink: 'text-warning', cell: 'border-warning/40 bg-warning/5' },
  stopped: { icon: 'i-lucide-square', ...CALM },
  pending: { icon: 'i-lucide-clock', ink: 'text-info', cell: 'border-info/40 bg-info/5' },
  starting: { icon: 'i-lucide-chevrons-up', ink: 'text-info', cell: 'border-info/40 bg-info/5' },
  stopping: { icon: 'i-lucide-chevrons-down', ink: 'text-info', cell: 'border-info/40 bg-info/5' },
  failed: { icon: 'i-lucide-octagon-alert', ink: 'text-error', cell: 'border-error/60 bg-error/10' },
  quarantined: { icon: 'i-lucide-shield-alert', ink: 'text-error', cell: 'border-error/60 bg-error/10' },
  unknown: { icon: 'i-lucide-circle-help', ink: 'text-warning', cell: 'border-dashed border-warning/60 bg-warning/5' },
}

export function lookOf(state: string): Look {
  return LOOKS[state] ?? { icon: 'i-lucide-circle-help', ...CALM }
}

export type Tone = 'success' | 'info' | 'warning' | 'error' | 'neutral'

const POOLS: Readonly<Record<string, Tone>> = { ready: 'success', starting: 'info', degraded: 'warning', unreachable: 'error', stopped: 'neutral' }
export const poolTone = (state: string): Tone => POOLS[state] ?? 'neutral'

const ROLLOUTS: Readonly<Record<string, Tone>> = {
  running: 'info', stopping: 'warning', rolling_back: 'warning', stopped: 'error', aborted: 'neutral', rolled_back: 'neutral', done: 'success',
}
export const rolloutTone = (state: string): Tone => ROLLOUTS[state] ?? 'neutral'

const BREAKERS: Readonly<Record<string, { icon: string; tone: Tone }>> = {
  closed: { icon: 'i-lucide-circle-check', tone: 'success' },
  half_open: { icon: 'i-lucide-circle-dashed', tone: 'info' },
  open: { icon: 'i-lucide-unplug', tone: 'warning' },
  banned: { icon: 'i-lucide-ban', tone: 'error' },
}
/** Of an exchange's circuit breaker. */
export const breakerLook = (state: string) => BREAKERS[state] ?? { icon: 'i-lucide-circle-help', tone: 'neutral' as const }

/** Conditions that tell of less than there could be, while all goes on. */
const MILD = new Set(['IsolationReduced', 'NodeReduced'])
export const conditionTone = (type: string): Tone => (MILD.has(type) ? 'neutral' : 'error')
