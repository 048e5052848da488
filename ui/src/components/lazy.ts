/** Components whose code arrives when they are first shown. */
import { type AsyncComponentLoader, type Component, defineAsyncComponent } from 'vue'

import { isLost, isServed, loadAnew } from './lost'

const FIRST_AGAIN_MS = 1_000
const LAST_AGAIN_MS = 30_000
const ENOUGH = 3

/**
 * What does not arrive, since the control plane is just started again, say, is asked for again until it does; where it
 * does not come although the control plane answers, the page is loaded as a whole. `meanwhile` is shown at once in its
 * place.
 */
export function lazy<T extends Component>(loader: AsyncComponentLoader<T>, meanwhile?: Component): T {
  let inVain = 0
  return defineAsyncComponent({
    loader,
    loadingComponent: meanwhile,
    delay: 0,
    onError(error, retry, fail, attempts) {
      if (!isLost(error)) return fail()
      void isServed().then((served) => {
        inVain = served ? inVain + 1 : 0
        if (inVain >= ENOUGH) loadAnew(location.pathname + location.search)
        setTimeout(retry, Math.min(FIRST_AGAIN_MS * 2 ** (attempts - 1), LAST_AGAIN_MS))
      })
    },
  })
}
