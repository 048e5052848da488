/** What administrators do about how somebody signs in. */
import { deactivateUser, reactivateUser, resetUserFactors, resetUserPassword } from '@/api/generated'

export type Act = 'password' | 'factors' | 'deactivate' | 'reactivate'

export interface Done {
  act: Act
  /** A password that is told once, and how many sessions it ended. */
  secret?: { password: string; ended: number }
}

export async function perform(act: Act, userId: string, told: { reason: string; halt: boolean }): Promise<Done> {
  const path = { user_id: userId }
  const body = { reason: told.reason }
  if (act === 'password') {
    const { password, sessions_ended: ended } = await resetUserPassword({ path, body })
    return { act, secret: { password, ended } }
  }
  if (act === 'factors') await resetUserFactors({ path, body })
  else if (act === 'deactivate') await deactivateUser({ path, body: { ...body, halt: told.halt } })
  else await reactivateUser({ path, body })
  return { act }
}
