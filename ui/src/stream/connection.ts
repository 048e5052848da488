/**
 * A stream of this tab: Server-Sent Events with the sign-in in a header, so that nothing secret stands in a URL.
 * The library reconnects and resumes by itself; a refused connection ends it, and is tried anew here from the last event.
 */
import { EventSource } from 'eventsource'

import { type Problem, problemOf } from '@/api/problem'
import { authorised } from '@/api/transport'

export type Kind = 'portfolio' | 'change' | 'bot' | 'trade' | 'alert' | 'reset'
const KINDS: Kind[] = ['portfolio', 'change', 'bot', 'trade', 'alert', 'reset']
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 15_000

export interface Listener {
  event(kind: Kind, body: unknown, id: string): void
  /** Anything came, a comment included. */
  alive(): void
  connected(): void
  lost(): void
  /** The server does not let one listen now, and says why. */
  refused(problem: Problem): void
}

export class Connection {
  private source: EventSource | null = null
  private wait = FIRST_WAIT_MS
  private timer: ReturnType<typeof setTimeout> | undefined
  private closed = false

  constructor(
    private readonly url: string,
    private readonly listener: Listener,
    /** Goes on after this event; empty for anew. */
    private lastId = '',
  ) {
    this.open()
  }

  close(): void {
    this.closed = true
    clearTimeout(this.timer)
    this.source?.close()
  }

  private open(): void {
    const source = new EventSource(this.url, { fetch: (url, init) => this.ask(url, init) })
    this.source = source
    source.addEventListener('open', () => {
      this.wait = FIRST_WAIT_MS
      this.listener.connected()
    })
    source.addEventListener('error', () => {
      this.listener.lost()
      if (source.readyState === EventSource.CLOSED) this.again()
    })
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        if (event.lastEventId) this.lastId = event.lastEventId
        this.listener.event(kind, JSON.parse(event.data as string), event.lastEventId)
      })
    }
  }

  private again(): void {
    if (this.closed) return
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.open(), this.wait)
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS)
  }

  private async ask(url: string | URL, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers)
    if (this.lastId) headers.set('Last-Event-ID', this.lastId)
    const answer = await authorised(url, { ...init, headers })
    if (!answer.ok) this.listener.refused(await problemOf(answer.clone()))
    if (!answer.ok || answer.body === null) return answer
    const told = this.listener
    const watched = answer.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          told.alive()
          controller.enqueue(chunk)
        },
      }),
    )
    return new Response(watched, { status: answer.status, headers: answer.headers })
  }
}
