import { shallowRef } from 'vue'

/** What is asked before something that cannot be taken back. */
export interface Question {
  title: string
  /** What will happen, a sentence each. */
  consequences: string[]
  /** Where set, the person types this before it is done. */
  typed?: string
  action: string
  danger?: boolean
}

interface Asked extends Question {
  answer: (yes: boolean) => void
}

export const asked = shallowRef<Asked | null>(null)

/** Asks, and answers whether it shall be done. A question that is open already is answered with no. */
export function confirm(question: Question): Promise<boolean> {
  asked.value?.answer(false)
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer: (yes) => {
        asked.value = null
        resolve(yes)
      },
    }
  })
}
