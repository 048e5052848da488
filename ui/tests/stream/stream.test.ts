import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { queryClient } from '@/api/queries'
import { useStream } from '@/stream/stream'

interface Told {
  event(kind: string, body: unknown, id: string): void
  alive(): void
  connected(): void
  lost(): void
}
const opened = vi.hoisted(() => [] as { told: Told; after: string; closed: boolean }[])
vi.mock('@/stream/connection', () => ({
  Connection: class {
    private readonly one: { told: Told; after: string; closed: boolean }
    constructor(_url: string, told: Told, after: string) {
      this.one = { told, after, closed: false }
      opened.push(this.one)
    }
    close(): void {
      this.one.closed = true
    }
  },
}))

const portfolio = (equity: string) => ({ as_of: '1', equity, bots: [{ id: 'a', equity }] })
const newest = () => opened.at(-1)!

describe('the stream', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    opened.length = 0
    setActivePinia(createPinia())
  })
  afterEach(() => {
    useStream().stop()
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  function live() {
    const stream = useStream()
    void stream.start('user-a')
    newest().told.connected()
    newest().told.event('portfolio', portfolio('1'), 'x-1')
    return stream
  }

  it('is stale where nothing comes, and goes on after the last event', () => {
    const stream = live()
    newest().told.event('bot', { id: 'a', conditions: [] }, 'x-2')
    expect(stream.state).toBe('live')
    vi.advanceTimersByTime(17_000)
    expect(stream.state).toBe('stale')
    expect(opened.map(({ after, closed }) => [after, closed])).toEqual([['', true], ['x-2', false]])
    newest().told.connected()
    expect(stream.state).toBe('live')
    expect(stream.portfolio?.equity).toBe('1')
  })

  it('stays live while comments come', () => {
    const stream = live()
    for (let count = 0; count < 6; count += 1) {
      vi.advanceTimersByTime(9_000)
      newest().told.alive()
    }
    expect(stream.state).toBe('live')
    expect(opened).toHaveLength(1)
  })

  it('takes changes, and begins anew where one before is missing', () => {
    const stream = live()
    newest().told.event('change', { since: 'x-1', equity: '2', bots: [{ id: 'a', equity: '2' }] }, 'x-3')
    expect(stream.bots[0]?.equity).toBe('2')
    newest().told.event('change', { since: 'x-4', equity: '9', bots: [] }, 'x-5')
    expect(stream.portfolio?.equity).toBe('2')
    expect(opened).toHaveLength(2)
    expect(newest().after).toBe('')
  })

  it('asks for everything anew after a reset', () => {
    const asked = vi.spyOn(queryClient, 'invalidateQueries')
    const stream = live()
    newest().told.event('bot', { id: 'a', conditions: [] }, 'x-2')
    expect(stream.told.size).toBe(1)
    newest().told.event('reset', {}, '')
    expect(stream.told.size).toBe(0)
    expect(asked).toHaveBeenCalled()
  })

  it('rests in a tab that nobody sees, and goes on from there', () => {
    const stream = live()
    const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true)
    document.dispatchEvent(new Event('visibilitychange'))
    for (let count = 0; count < 7; count += 1) {
      vi.advanceTimersByTime(9_000)
      newest().told.alive()
    }
    expect(stream.state).toBe('resting')
    expect(newest().closed).toBe(true)
    hidden.mockReturnValue(false)
    document.dispatchEvent(new Event('visibilitychange'))
    expect(opened).toHaveLength(2)
    expect(newest().after).toBe('x-1')
  })
})
