import { EventSource } from 'eventsource'
import { onBeforeUnmount, ref, shallowRef, watch, type Ref } from 'vue'

import { Problem, problemOf } from '@/api/problem'
import { authorised } from '@/api/transport'

import { joined, parseLine, type LogLine } from './logs'

const BEGIN_WITH = 500
const KEPT = 2_000
const SHOW_EVERY_MS = 150
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 15_000

/** A bot's log as it grows, while `wanted`. After a break it begins anew with the last lines. */
export function useLog(id: Ref<string>, wanted: Ref<boolean>) {
  const lines = shallowRef<readonly LogLine[]>([])
  const state = ref<'connecting' | 'live' | 'resting'>('connecting')
  const problem = shallowRef<Problem | null>(null)
  let source: EventSource | null = null
  let fresh: LogLine[] = []
  let number = 0
  let last: LogLine | undefined
  let wait = FIRST_WAIT_MS
  let again: ReturnType<typeof setTimeout> | undefined
  let showing: ReturnType<typeof setTimeout> | undefined

  async function ask(url: string | URL, init: RequestInit): Promise<Response> {
    const answer = await authorised(url, init)
    if (!answer.ok) problem.value = await problemOf(answer.clone())
    return answer
  }

  function show(): void {
    showing = undefined
    if (fresh.length > 0) lines.value = joined(lines.value, fresh, KEPT)
    fresh = []
  }

  function take(raw: string): void {
    last = parseLine(raw, (number += 1), last)
    fresh.push(last)
    if (fresh.length > KEPT) fresh = fresh.slice(-KEPT)
    showing ??= setTimeout(show, SHOW_EVERY_MS)
  }

  function open(): void {
    close()
    state.value = 'connecting'
    const mine = new EventSource(`/api/v1/bots/${encodeURIComponent(id.value)}/logs?follow=true&tail=${BEGIN_WITH}`, { fetch: ask })
    source = mine
    mine.addEventListener('open', () => {
      wait = FIRST_WAIT_MS
      problem.value = null
      state.value = 'live'
      lines.value = []
      fresh = []
      last = undefined
    })
    mine.addEventListener('message', (event) => take(String(event.data)))
    mine.addEventListener('error', () => {
      if (source !== mine) return
      mine.close() // it would resume, and there is nothing to resume from
      state.value = 'connecting'
      again = setTimeout(open, wait)
      wait = Math.min(wait * 2, LONGEST_WAIT_MS)
    })
  }

  function close(): void {
    clearTimeout(again)
    source?.close()
    source = null
  }

  watch(
    [id, wanted],
    ([, now], [before] = ['', false]) => {
      if (before !== id.value) lines.value = []
      if (now) open()
      else {
        close()
        state.value = 'resting'
      }
    },
    { immediate: true },
  )
  onBeforeUnmount(() => {
    close()
    clearTimeout(showing)
  })
  return { lines, state, problem, retry: open }
}
