/** The steps of the guided set-up, which are those of `flotilla init`, and who goes through which. */
import type { MeResponse } from '@/api/generated'

export const STEPS = ['password', 'reading', 'exchange', 'rules', 'bots', 'summary'] as const
export type Step = (typeof STEPS)[number]

type Person = Pick<MeResponse, 'role' | 'password_generated'>

/** Who may not trade sets up how things read, and no bots. */
export function stepsOf(person: Pick<Person, 'role'>): readonly Step[] {
  return person.role === 'viewer' ? STEPS.slice(0, 2) : STEPS
}

/** Where it begins: a password of one's own needs no change. */
export function firstStep(person: Person): Step {
  return person.password_generated ? 'password' : 'reading'
}

/** The step that an address names; null where it names none that this person has. */
export function stepNamed(name: unknown, person: Pick<Person, 'role'>): Step | null {
  return stepsOf(person).find((step) => step === name) ?? null
}

export function stepBeside(step: Step, by: 1 | -1, person: Pick<Person, 'role'>): Step | null {
  const steps = stepsOf(person)
  return steps[steps.indexOf(step) + by] ?? null
}
