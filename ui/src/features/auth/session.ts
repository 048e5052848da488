import { defineStore } from 'pinia'
import { computed, ref } from 'vue'

import { getMe, logout } from '@/api/generated'
import type { MeResponse, TokenResponse } from '@/api/generated'
import { asProblem } from '@/api/problem'
import { queryClient } from '@/api/queries'
import { accept, forget, onEnded, renew } from '@/api/transport'

/** Who is signed in here. `known` is false until it has been asked once. */
export const useSession = defineStore('session', () => {
  const me = ref<MeResponse | null>(null)
  const known = ref(false)
  const over = ref(false)
  /** Nobody answered when it was asked who is signed in: what was last known may be shown meanwhile. */
  const unanswered = ref(false)
  const isAdmin = computed(() => me.value?.role === 'admin')
  const mayTrade = computed(() => me.value !== null && me.value.role !== 'viewer')

  onEnded(() => {
    me.value = null
    over.value = true
  })

  let resuming: Promise<boolean> | null = null

  /** Goes on with the sign-in that the browser keeps, if there is one. Who asks meanwhile gets the same answer. */
  function resume(): Promise<boolean> {
    if (me.value !== null) return Promise.resolve(true)
    resuming ??= ask().finally(() => (resuming = null))
    return resuming
  }

  async function ask(): Promise<boolean> {
    try {
      const found = await renew()
      if (found) await load()
      known.value = true
      unanswered.value = false
      return found
    } catch (error) {
      unanswered.value = asProblem(error).status === 0
      throw error
    }
  }

  /** Takes what a sign-in issued. */
  async function begin(issued: TokenResponse): Promise<void> {
    accept(issued)
    over.value = false
    await load()
  }

  let last: string | null = null

  async function load(): Promise<void> {
    const found = await getMe()
    if (last !== null && last !== found.id) queryClient.clear() // what the one before was told is none of this one's
    last = found.id
    me.value = found
    known.value = true
  }

  async function signOut(): Promise<void> {
    try {
      await logout()
    } finally {
      forget()
      me.value = null
      queryClient.clear()
    }
  }

  return { me, known, over, unanswered, isAdmin, mayTrade, resume, begin, load, signOut }
})
