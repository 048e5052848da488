/**
 * Passkeys in this browser. The library that turns WebAuthn's JSON into what `navigator.credentials` takes comes with
 * the first use.
 */
import type { PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/browser'

import type { Credential } from '@/api/generated'
import { Problem } from '@/api/problem'
import { i18n } from '@/locales/i18n'

/** As the API hands them on. */
type Options = Record<string, unknown>

/** Whether this browser knows passkeys at this address (HTTPS, or localhost). */
export function knowsPasskeys(): boolean {
  return typeof PublicKeyCredential !== 'undefined'
}

/** Asks for one of the passkeys that there are. Raises Problem where none answered. */
export async function askPasskey(options: Options): Promise<Credential> {
  const { startAuthentication } = await import('@simplewebauthn/browser')
  return answered(startAuthentication({ optionsJSON: options as unknown as PublicKeyCredentialRequestOptionsJSON }))
}

/** Has the browser make one. Raises Problem where none was made. */
export async function makePasskey(options: Options): Promise<Credential> {
  const { startRegistration } = await import('@simplewebauthn/browser')
  return answered(startRegistration({ optionsJSON: options as unknown as PublicKeyCredentialCreationOptionsJSON }))
}

/** Whether the browser offers passkeys where a user name is typed. */
export async function offersPasskeys(): Promise<boolean> {
  if (!knowsPasskeys()) return false
  const { browserSupportsWebAuthnAutofill } = await import('@simplewebauthn/browser')
  return browserSupportsWebAuthnAutofill()
}

/** Waits until a passkey is chosen among what the browser offers there; null where another way was taken. */
export async function awaitPasskey(options: Options): Promise<Credential | null> {
  const { startAuthentication } = await import('@simplewebauthn/browser')
  const optionsJSON = options as unknown as PublicKeyCredentialRequestOptionsJSON
  try {
    return (await startAuthentication({ optionsJSON, useBrowserAutofill: true })) as unknown as Credential
  } catch {
    return null // Taken back, out of time, or another request took over: the buttons of the page are there still.
  }
}

/** Ends what waits for a passkey. */
export async function stopAwaiting(): Promise<void> {
  if (!knowsPasskeys()) return
  const { WebAuthnAbortService } = await import('@simplewebauthn/browser')
  WebAuthnAbortService.cancelCeremony()
}

async function answered(asked: Promise<unknown>): Promise<Credential> {
  try {
    return (await asked) as Credential
  } catch (error) {
    throw passkeyProblem(error)
  }
}

/** What a browser's refusal means. It tells little: that a person said no, and that there is no passkey, are the same. */
export function passkeyProblem(error: unknown): Problem {
  const { t } = i18n.global
  const told = error instanceof Error ? error : null
  const cause = told?.cause instanceof Error ? told.cause.name : told?.name
  const kind = cause === 'InvalidStateError' ? 'known' : cause === 'SecurityError' ? 'address' : 'none'
  return new Problem(0, `passkey_${kind}`, t('auth.passkey.failed'), t(`auth.passkey.${kind}`))
}
