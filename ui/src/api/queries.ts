import { QueryClient, type VueQueryPluginOptions } from '@tanstack/vue-query'

import { asProblem } from './problem'

/** Reads are tried again where no answer came or the server is busy; what was refused is not. */
function tryAgain(count: number, error: unknown): boolean {
  const { status } = asProblem(error)
  return count < 3 && (status === 0 || status === 429 || status >= 502)
}

export const queryClient = new QueryClient({
  defaultOptions: {
    // Whether somebody answers is found out by asking: the machine itself answers without any network, and what a
    // person orders is done now or refused, never kept and carried out later.
    queries: { networkMode: 'always', retry: tryAgain, staleTime: 5_000, refetchOnWindowFocus: true, refetchIntervalInBackground: false },
    mutations: { networkMode: 'always', retry: false },
  },
})

export const queryOptions: VueQueryPluginOptions = { queryClient }
