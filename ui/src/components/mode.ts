/** Light, dark, or as the machine: one for all that follow it. Each of its own would have the whole page styled anew. */
import { createSharedComposable, useColorMode } from '@vueuse/core'

export const useMode = createSharedComposable(() => useColorMode({ disableTransition: false }))
