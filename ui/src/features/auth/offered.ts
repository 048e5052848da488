import { onBeforeUnmount, watch, type Ref } from 'vue'

import { getPasskeySignInOptions, signInWithPasskey } from '@/api/generated'
import type { TokenResponse } from '@/api/generated'

import { awaitPasskey, offersPasskeys, stopAwaiting } from './webauthn'

/**
 * Has the browser offer passkeys where the user name is typed, as long as the page is there. Challenges run out: another
 * one is taken before, unless nobody looks.
 */
export function useOfferedPasskey(wanted: Ref<boolean>, signedIn: (answer: TokenResponse) => void): void {
  let round = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  async function offer(): Promise<void> {
    const own = ++round
    clearTimeout(timer)
    if (!(await offersPasskeys()) || own !== round) return
    let asked
    try {
      asked = await getPasskeySignInOptions()
    } catch {
      return // The button asks anew, and tells what is wrong.
    }
    if (own !== round) return
    timer = setTimeout(() => (document.hidden ? document.addEventListener('visibilitychange', onShown) : void offer()), asked.expires_in * 900)
    const passkey = await awaitPasskey(asked.options)
    if (passkey === null || own !== round) return
    try {
      signedIn(await signInWithPasskey({ body: { challenge: asked.challenge, passkey } }))
    } catch {
      if (own === round) void offer()
    }
  }

  function onShown(): void {
    if (document.hidden) return
    document.removeEventListener('visibilitychange', onShown)
    void offer()
  }

  watch(wanted, (now) => now && void offer(), { immediate: true })
  onBeforeUnmount(() => {
    const waited = round > 0
    round += 1
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', onShown)
    if (waited) void stopAwaiting()
  })
}
