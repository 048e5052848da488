/** The same for many bots: a few at once, and each one's outcome told as it comes. */
import {
  type BotResponse,
  deleteBot,
  deleteBotPolicy,
  pauseBot,
  type PolicyOverride,
  putBotPolicy,
  restartBot,
  startBot,
  stopBot,
} from '@/api/generated'
import { asProblem, type Problem } from '@/api/problem'

export type Act = 'start' | 'pause' | 'stop' | 'restart' | 'delete' | 'policy'
export const ACTS: readonly Act[] = ['start', 'pause', 'restart', 'stop', 'policy', 'delete']

export interface Choice {
  act: Act
  openTrades: 'keep' | 'flatten'
  /** Null: the bot's own document is taken away, and the default holds. */
  policy: PolicyOverride | null
  reason: string
  /** Go on with a document although open trades would be closed at once. */
  confirmed: boolean
}

export type Outcome = 'waiting' | 'running' | 'done' | Problem

const AT_ONCE = 4

/** Does it for one bot. All of it is intent, and once more changes nothing: a request may be sent again. Raises Problem. */
export function carryOut(id: string, choice: Choice): Promise<unknown> {
  const path = { bot_id: id }
  const acts: Record<Act, () => Promise<unknown>> = {
    start: () => startBot({ path }) as Promise<BotResponse>,
    pause: () => pauseBot({ path }),
    restart: () => restartBot({ path }),
    stop: () => stopBot({ path, body: { open_trades: choice.openTrades } }),
    delete: () => deleteBot({ path, body: { open_trades: choice.openTrades } }),
    policy: () => {
      const query = { reason: choice.reason || undefined, confirm: choice.confirmed }
      return choice.policy === null ? deleteBotPolicy({ path, query }) : putBotPolicy({ path, query, body: choice.policy })
    },
  }
  return acts[choice.act]()
}

/** Works on all of them, a few at once, in their order; `told` hears each change. What fails stops no other one; after
 * `stopped` answers true no further one is begun. */
export async function forEach(
  ids: readonly string[],
  work: (id: string) => Promise<unknown>,
  told: (id: string, outcome: Outcome) => void,
  stopped: () => boolean = () => false,
): Promise<void> {
  const waiting = [...ids]
  async function worker(): Promise<void> {
    for (let id = waiting.shift(); id !== undefined && !stopped(); id = waiting.shift()) {
      told(id, 'running')
      try {
        await work(id)
        told(id, 'done')
      } catch (error) {
        told(id, asProblem(error))
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, ids.length) }, worker))
}
