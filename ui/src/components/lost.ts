/** Code that did not arrive: the control plane is away, or serves another build by now, which a load of the page gets. */
const LOADED = 'flotilla.reloaded-at'
const AGAIN_MS = 30_000

export function isLost(error: unknown): boolean {
  return /dynamically imported module|module script|preload/i.test(String(error))
}

/** Loads the page as a whole; not twice within half a minute. Whether it does. */
export function loadAnew(path: string): boolean {
  if (Date.now() - Number(sessionStorage.getItem(LOADED) ?? 0) < AGAIN_MS) return false
  sessionStorage.setItem(LOADED, String(Date.now()))
  location.assign(path)
  return true
}

/** Whether the control plane answers. */
export async function isServed(): Promise<boolean> {
  try {
    return (await fetch('/healthz')).ok
  } catch {
    return false
  }
}
