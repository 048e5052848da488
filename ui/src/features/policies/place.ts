/** The three documents behind one face: your default, what a bot has otherwise, and the guardrails. */
import {
  deleteBotPolicy,
  diffBotPolicy,
  diffDefaultPolicy,
  diffGuardrails,
  getBotPolicy,
  getDefaultPolicy,
  getEffectiveBotPolicy,
  getEffectiveDefaultPolicy,
  getGuardrails,
  listBotPolicyVersions,
  listDefaultPolicyVersions,
  listGuardrailsVersions,
  previewBotPolicy,
  previewDefaultPolicy,
  putBotPolicy,
  putDefaultPolicy,
  putGuardrails,
  revertBotPolicy,
  revertDefaultPolicy,
  revertGuardrails,
  type DiffDefaultPolicyResponse,
  type EffectivePolicyResponse,
  type Guardrails,
  type PolicyDocument,
  type PolicyOverride,
  type PolicyPage,
  type PolicyResponse,
  type PreviewResponse,
} from '@/api/generated'
import type { JsonObject } from '@/components/changes'

import { DEFAULT_NODES, GUARDRAIL_NODES, OVERRIDE_NODES, type Node } from './nodes'

export interface Change {
  /** The version that was read; 0: none yet. */
  version: number
  reason: string
  /** Go on although trades would be closed at once. */
  confirm: boolean
}

export interface Place {
  kind: 'default' | 'override' | 'guardrails'
  key: readonly string[]
  nodes: Node[]
  get: () => Promise<PolicyResponse>
  put: (document: JsonObject, change: Change) => Promise<PolicyResponse>
  versions: (after: string | null) => Promise<PolicyPage>
  compare: (from: number, to: number) => Promise<DiffDefaultPolicyResponse>
  revert: (to: number, change: Change) => Promise<PolicyResponse>
  preview?: (document: JsonObject) => Promise<PreviewResponse>
  effective?: () => Promise<EffectivePolicyResponse>
  drop?: (change: Change) => Promise<PolicyResponse>
}

const VERSIONS = 20
const headers = ({ version }: Change) => ({ 'if-match': `"${version}"` })

/** `user` is another user's id or name, for administrators. */
export function defaultPlace(user: string | undefined): Place {
  const query = { user: user ?? null }
  return {
    kind: 'default',
    key: ['policies', 'default', user ?? ''],
    nodes: DEFAULT_NODES,
    get: () => getDefaultPolicy({ query }),
    put: (document, change) =>
      putDefaultPolicy({
        body: document as PolicyDocument,
        query: { ...query, reason: change.reason, confirm: change.confirm },
        headers: headers(change),
      }),
    versions: (after) => listDefaultPolicyVersions({ query: { ...query, limit: VERSIONS, after } }),
    compare: (from, to) => diffDefaultPolicy({ query: { ...query, from, to } }),
    revert: (version, change) =>
      revertDefaultPolicy({
        body: { version, reason: change.reason },
        query: { ...query, confirm: change.confirm },
        headers: headers(change),
      }),
    preview: (document) => previewDefaultPolicy({ body: document as PolicyDocument, query }),
    effective: () => getEffectiveDefaultPolicy({ query }),
  }
}

export function botPlace(id: string): Place {
  const path = { bot_id: id }
  return {
    kind: 'override',
    key: ['policies', 'bot', id],
    nodes: OVERRIDE_NODES,
    get: async () => withParts(await getBotPolicy({ path })),
    put: (document, change) =>
      putBotPolicy({
        path,
        body: document as PolicyOverride,
        query: { reason: change.reason, confirm: change.confirm },
        headers: headers(change),
      }),
    versions: (after) => listBotPolicyVersions({ path, query: { limit: VERSIONS, after } }),
    compare: (from, to) => diffBotPolicy({ path, query: { from, to } }),
    revert: (version, change) =>
      revertBotPolicy({
        path,
        body: { version, reason: change.reason },
        query: { confirm: change.confirm },
        headers: headers(change),
      }),
    preview: (document) => previewBotPolicy({ path, body: document as PolicyOverride }),
    effective: () => getEffectiveBotPolicy({ path }),
    drop: (change) => deleteBotPolicy({ path, query: { reason: change.reason, confirm: change.confirm }, headers: headers(change) }),
  }
}

export function guardrailsPlace(): Place {
  return {
    kind: 'guardrails',
    key: ['policies', 'guardrails'],
    nodes: GUARDRAIL_NODES,
    get: () => getGuardrails(),
    put: (document, change) =>
      putGuardrails({
        body: document as Guardrails,
        query: { reason: change.reason, confirm: change.confirm },
        headers: headers(change),
      }),
    versions: (after) => listGuardrailsVersions({ query: { limit: VERSIONS, after } }),
    compare: (from, to) => diffGuardrails({ query: { from, to } }),
    revert: (version, change) =>
      revertGuardrails({ body: { version, reason: change.reason }, query: { confirm: change.confirm }, headers: headers(change) }),
  }
}

/** A bot's `limits: null` switches both of its limits off, which the form shows one by one. */
function withParts(found: PolicyResponse): PolicyResponse {
  if (found.document?.limits !== null) return found
  return { ...found, document: { ...found.document, limits: { cool_down: null, trading_hours: null } } }
}
