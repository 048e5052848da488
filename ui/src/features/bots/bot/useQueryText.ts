import { computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/** A choice that stands in the URL under this name; the empty text is no choice. */
export function useQueryText(name: string) {
  const route = useRoute()
  const router = useRouter()
  return computed<string>({
    get: () => (typeof route.query[name] === 'string' ? route.query[name] : ''),
    set: (value) => void router.replace({ query: { ...route.query, [name]: value || undefined } }),
  })
}
