import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'

import { inspectStrategy, type InspectionResponse } from '@/api/generated'

const ASK_AFTER_MS = 600
const CLASS_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/

export function isClassName(told: string): boolean {
  return CLASS_NAME.test(told)
}

/** What reading a source finds, asked for a moment after it was written. What was found last stays until then. */
export function useInspection(source: Ref<string>, className: Ref<string>, wanted: () => boolean) {
  const report = shallowRef<InspectionResponse | null>(null)
  const error = shallowRef<unknown>(null)
  const isPending = ref(false)
  const readOf = ref('')
  const now = computed(() => JSON.stringify([className.value, source.value]))
  const isCurrent = computed(() => report.value !== null && readOf.value === now.value)
  let timer: ReturnType<typeof setTimeout> | undefined
  let asking: AbortController | undefined

  function forget(): void {
    clearTimeout(timer)
    asking?.abort()
    isPending.value = false
  }

  async function ask(): Promise<void> {
    forget()
    const [mine, of] = [new AbortController(), now.value]
    asking = mine
    isPending.value = true
    try {
      const found = await inspectStrategy({ body: { source: source.value, class_name: className.value || null }, signal: mine.signal })
      if (asking !== mine) return
      report.value = found
      readOf.value = of
      error.value = null
    } catch (problem) {
      if (asking === mine && !mine.signal.aborted) error.value = problem
    } finally {
      if (asking === mine) isPending.value = false
    }
  }

  watch(
    [now, wanted],
    () => {
      forget()
      if (!wanted() || (className.value !== '' && !isClassName(className.value))) return
      isPending.value = true
      timer = setTimeout(() => void ask(), ASK_AFTER_MS)
    },
    { immediate: true },
  )
  onScopeDispose(forget)
  return { report, error, isPending, isCurrent, ask }
}
