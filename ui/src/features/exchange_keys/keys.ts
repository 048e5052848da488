/** Exchange keys as they are chosen and told. Pure. */

export const REMINDERS = ['none', '30', '90', '180', '365'] as const
export type Reminder = (typeof REMINDERS)[number]

/** Days as the API takes them; null for never. */
export function reminderDays(reminder: Reminder): number | null {
  return reminder === 'none' ? null : Number(reminder)
}

export const TONES: Record<string, 'success' | 'error' | 'warning'> = { active: 'success', refused: 'error', expired: 'warning' }

/** Whether a moment lies within so many days of `now` (ms since the epoch), or is past. */
export function isDue(at: string | null, now: number, days = 0): boolean {
  return at !== null && Date.parse(at) - now <= days * 86_400_000
}
