import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const REFRESH = '/api/v1/auth/refresh'
const ME = '/api/v1/auth/me'
const STREAM = '/api/v1/portfolio/stream?changes=true'
const TOKEN = `x.${btoa(JSON.stringify({ sub: 'user-a' }))}.x`

const answers = new Map<string, () => Response | Promise<Response>>()
const asked: { path: string; signal: AbortSignal | null; bearer: string | null }[] = []

/** What the page's head does, and then what the portal does its requests with. */
async function visit() {
  vi.resetModules()
  await import('@/early')
  await globalThis.flotillaBegun?.refreshed.catch(() => undefined)
  return import('@/api/transport')
}
const paths = () => asked.map(({ path }) => path)

beforeEach(() => {
  asked.length = 0
  answers.clear()
  answers.set(REFRESH, () => Response.json({ access_token: TOKEN, expires_in: 900 }))
  answers.set(ME, () => Response.json({ id: 'user-a' }))
  answers.set(STREAM, () => new Response('data: 1\n\n'))
  vi.stubGlobal('fetch', (input: Request | string, init?: RequestInit) => {
    const request = new Request(new URL(input instanceof Request ? input.url : input, location.origin), input instanceof Request ? input : init)
    const { pathname, search } = new URL(request.url)
    asked.push({ path: pathname + search, signal: init?.signal ?? request.signal, bearer: request.headers.get('Authorization') })
    return Promise.resolve().then(() => answers.get(pathname + search)!())
  })
  Object.defineProperty(navigator, 'locks', { configurable: true, value: { request: (_name: string, work: () => unknown) => work() } })
  localStorage.setItem('flotilla.signed-in', '1')
  history.replaceState(null, '', '/')
})
afterEach(() => {
  vi.unstubAllGlobals()
  localStorage.clear()
  globalThis.flotillaBegun = undefined
})

describe('what is asked before the portal is there', () => {
  it('is not asked for again', async () => {
    const { authorised, renew } = await visit()
    expect(await renew()).toBe(true)
    expect(await (await authorised(ME)).json()).toEqual({ id: 'user-a' })
    expect(await (await authorised(STREAM)).text()).toBe('data: 1\n\n')
    expect(paths()).toEqual([REFRESH, STREAM, ME])
    expect(asked.map(({ bearer }) => bearer)).toEqual([null, `Bearer ${TOKEN}`, `Bearer ${TOKEN}`])
  })

  it('is good for once', async () => {
    const { authorised, renew } = await visit()
    await renew()
    await authorised(ME)
    await authorised(ME)
    await renew()
    expect(paths()).toEqual([REFRESH, STREAM, ME, ME, REFRESH])
  })

  it('is nothing where nobody is signed in, nor on a page without a sign-in', async () => {
    for (const path of ['/sign-in', '/sign-in/return', '/invitations']) {
      history.replaceState(null, '', path)
      await visit()
    }
    history.replaceState(null, '', '/')
    localStorage.clear()
    await visit()
    expect(paths()).toEqual([])
  })

  it('ends the sign-in where the cookie is no good', async () => {
    answers.set(REFRESH, () => new Response(null, { status: 401 }))
    const { currentToken, renew } = await visit()
    expect(await renew()).toBe(false)
    expect(await currentToken()).toBe(null)
    expect(localStorage.getItem('flotilla.signed-in')).toBe(null)
    expect(paths()).toEqual([REFRESH])
  })

  it('is asked for again where nobody answered', async () => {
    answers.set(REFRESH, () => Promise.reject(new TypeError('no network')))
    const { renew } = await visit()
    await expect(renew()).rejects.toMatchObject({ status: 0 })
    answers.set(REFRESH, () => Response.json({ access_token: TOKEN, expires_in: 900 }))
    expect(await renew()).toBe(true)
    expect(paths()).toEqual([REFRESH, REFRESH, REFRESH])
  })

  it('is asked for again where it was refused, so that it is told why', async () => {
    answers.set(ME, () => Response.json({ code: 'password_change_required' }, { status: 403 }))
    const { authorised } = await visit()
    expect(await (await authorised(ME)).json()).toEqual({ code: 'password_change_required' })
    expect(paths()).toEqual([REFRESH, STREAM, ME, ME])
  })

  it('ends with the request that took it', async () => {
    const { authorised } = await visit()
    const controller = new AbortController()
    await authorised(STREAM, { signal: controller.signal })
    const begun = asked.find(({ path }) => path === STREAM)!
    expect(begun.signal?.aborted).toBe(false)
    controller.abort()
    expect(begun.signal?.aborted).toBe(true)
  })

  it('is not left open where nobody wants it, and not ended where somebody does', async () => {
    vi.useFakeTimers()
    const { authorised } = await visit()
    const controller = new AbortController()
    await authorised(STREAM, { signal: controller.signal })
    await vi.advanceTimersByTimeAsync(60_000)
    const aborted = new Map(asked.map(({ path, signal }) => [path, signal?.aborted]))
    expect([aborted.get(STREAM), aborted.get(ME)]).toEqual([false, true])
    vi.useRealTimers()
  })

  it("is not another one's", async () => {
    const { accept, authorised } = await visit()
    accept({ access_token: 'of another', expires_in: 900 })
    await authorised(ME)
    expect(asked.filter(({ path }) => path === ME).map(({ bearer }) => bearer)).toEqual([`Bearer ${TOKEN}`, 'Bearer of another'])
  })

  it('goes on after an event by itself', async () => {
    const { authorised } = await visit()
    await authorised(STREAM, { headers: { 'Last-Event-ID': 'x-1' } })
    expect(paths()).toEqual([REFRESH, STREAM, ME, STREAM])
  })
})
