import { computed, ref, shallowRef, watch, type Ref } from 'vue'

import type { PolicyResponse } from '@/api/generated'
import { diff, isObject, type Json, type JsonObject } from '@/components/changes'

import { parse, print } from './draft'
import { isSame } from './units'

/** A document being edited, as a form and as text at once: whichever is changed, the other follows. Text that is no
 * document leaves the form as it was, until it is one again. */
export function useDraft(inForce: Ref<PolicyResponse | undefined>) {
  const base = shallowRef<PolicyResponse | null>(null)
  const document = shallowRef<JsonObject>({})
  const text = ref('')
  const broken = ref<string | null>(null)
  const before = computed<JsonObject>(() => (base.value?.document ?? {}) as JsonObject)
  const isOverride = computed(() => base.value?.kind === 'override')
  const changes = computed(() =>
    isOverride.value
      ? diff(before.value, document.value, isSame)
      : diff(withoutNulls(before.value), withoutNulls(document.value), isSame),
  )
  const isDirty = computed(() => broken.value !== null || changes.value.length > 0)
  /** Somebody wrote another version since this one was read. */
  const isBehind = computed(() => inForce.value !== undefined && base.value !== null && inForce.value.version > base.value.version)

  watch(
    inForce,
    (told) => {
      if (told !== undefined && !(isDirty.value && base.value !== null)) load(told)
    },
    { immediate: true },
  )

  /** Begins anew from this version. */
  function load(told: PolicyResponse): void {
    base.value = told
    setDocument((told.document ?? {}) as JsonObject)
  }

  function setDocument(next: JsonObject): void {
    document.value = next
    text.value = print(next)
    broken.value = null
  }

  function setText(next: string): void {
    if (next === text.value) return
    text.value = next
    const found = parse(next)
    if ('message' in found) broken.value = found.message
    else {
      broken.value = null
      document.value = found.document
    }
  }

  function discard(): void {
    const told = inForce.value ?? base.value
    if (told) load(told)
  }

  /** Keeps what was written here, on top of what somebody else wrote. */
  function rebase(): void {
    if (inForce.value !== undefined) base.value = inForce.value
  }

  return { base, document, text, broken, changes, isDirty, isBehind, isOverride, load, setDocument, setText, discard, rebase }
}

/** Null says the same as nothing, but in a bot's own document. */
export function withoutNulls(document: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(document)
      .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
      .map(([name, value]) => [name, inner(value)]),
  )
}

function inner(value: Json): Json {
  if (Array.isArray(value)) return value.map(inner)
  return isObject(value) ? withoutNulls(value) : value
}
