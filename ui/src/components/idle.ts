/** Calls `work` when the browser has nothing to draw, within a second at the latest. */
export function whenIdle(work: () => void): void {
  if ('requestIdleCallback' in window) window.requestIdleCallback(work, { timeout: 1_000 })
  else setTimeout(work) // Safari
}
