/** Problem documents (RFC 9457) as the API sends them: `code` is stable, `detail` says what to do. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    detail: string,
    readonly params: Record<string, unknown> = {},
    readonly correlationId: string | null = null,
  ) {
    super(detail)
    this.name = 'Problem'
  }

  /** The field of the request that it is about, where it is about one. */
  get field(): string | null {
    return typeof this.params.field === 'string' ? this.params.field : null
  }

  static unreachable(): Problem {
    return new Problem(0, 'unreachable', 'No answer', 'Flotilla does not answer. Bots go on meanwhile; this page tries again.')
  }
}

interface Document {
  code?: string
  title?: string
  detail?: string
  correlation_id?: string
  [name: string]: unknown
}

const OWN = new Set(['type', 'title', 'status', 'detail', 'instance', 'code', 'correlation_id'])

/** What a body tells, or what its status means where it tells nothing. */
export function problemFrom(status: number, body: unknown): Problem {
  const told = typeof body === 'object' && body !== null ? (body as Document) : {}
  const params = Object.fromEntries(Object.entries(told).filter(([name]) => !OWN.has(name)))
  return new Problem(
    status,
    told.code ?? `http_${status}`,
    told.title ?? `HTTP ${status}`,
    told.detail ?? `The server answered ${status}.`,
    (typeof params.params === 'object' && params.params !== null ? params.params : params) as Record<string, unknown>,
    told.correlation_id ?? null,
  )
}

export async function problemOf(answer: Response): Promise<Problem> {
  return problemFrom(answer.status, await answer.json().catch(() => null))
}

/** Whatever was thrown, as a problem. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof Error) return new Problem(0, 'unexpected', error.name, error.message)
  return problemFrom(0, error)
}
