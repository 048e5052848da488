/** Web push in this browser: whether it can be, and its subscription. */

/** Why there are no pushes here; null where there may be. */
export type Hindrance = 'insecure' | 'install' | 'unsupported' | 'denied' | 'worker'

export interface Surroundings {
  secure: boolean
  worker: boolean
  push: boolean
  notification: NotificationPermission | null
  /** Whether it is an iPhone or iPad, which push to installed pages alone. */
  apple: boolean
  installed: boolean
  registered: boolean
}

export function hindranceOf(here: Surroundings): Hindrance | null {
  if (!here.secure) return 'insecure'
  if (here.apple && !here.installed) return 'install'
  if (!here.worker || !here.push || here.notification === null) return 'unsupported'
  if (here.notification === 'denied') return 'denied'
  return here.registered ? null : 'worker'
}

export async function lookAround(): Promise<Surroundings> {
  const worker = 'serviceWorker' in navigator
  return {
    secure: isSecureContext,
    worker,
    push: 'PushManager' in window,
    notification: 'Notification' in window ? Notification.permission : null,
    apple: /\b(?:iPhone|iPad)\b/.test(navigator.userAgent),
    installed: matchMedia('(display-mode: standalone)').matches,
    registered: worker && (await navigator.serviceWorker.getRegistration()) !== undefined,
  }
}

/** The subscription that this browser has; null without one. */
export async function ownSubscription(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker?.getRegistration()
  return (await registration?.pushManager?.getSubscription()) ?? null
}

/** Subscribes this browser with the key of this installation, anew where it has one of another key. */
export async function subscribe(key: string): Promise<PushSubscription> {
  const { pushManager } = await navigator.serviceWorker.ready
  const wanted = bytesOf(key)
  const present = await pushManager.getSubscription()
  if (present !== null) {
    if (sameBytes(present.options.applicationServerKey, wanted)) return present
    await present.unsubscribe()
  }
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: wanted })
}

/** SHA-256 in hexadecimal, by which the API names an endpoint. */
export async function hashOf(endpoint: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(endpoint))
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Of base64url without padding. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0))
}

export function sameBytes(one: ArrayBuffer | null, other: Uint8Array): boolean {
  const bytes = new Uint8Array(one ?? new ArrayBuffer(0))
  return bytes.length === other.length && bytes.every((byte, index) => byte === other[index])
}
