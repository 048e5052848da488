/** Whose portfolios somebody may look at. Pure. */
import type { SharePage, UserOverview } from '@/api/generated'

type Share = Pick<SharePage['items'][number], 'given' | 'what' | 'owner'>

/** Names, in order: of those who share theirs, of whoever has bots where all users are known, and the one in view. */
export function portfoliosOf(me: string, shares: readonly Share[], users: readonly Pick<UserOverview, 'username' | 'bots'>[], inView?: string): string[] {
  const sharing = shares.filter(({ given, what }) => !given && what === 'portfolio').map(({ owner }) => owner)
  const busy = users.filter(({ bots }) => bots > 0).map(({ username }) => username)
  const all = new Set([...sharing, ...busy, ...(inView === undefined ? [] : [inView])])
  all.delete(me)
  return [...all].sort()
}
