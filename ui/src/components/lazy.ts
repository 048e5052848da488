/** Components whose code arrives when they are first shown. */
import { type AsyncComponentLoader, type Component, defineAsyncComponent } from 'vue'

const FIRST_AGAIN_MS = 1_000
const LAST_AGAIN_MS = 30_000

/**
 * What does not arrive, since the control plane is just started again, say, is asked for again until it does.
 * `meanwhile` is shown at once in its place.
 */
export function lazy<T extends Component>(loader: AsyncComponentLoader<T>, meanwhile?: Component): T {
  return defineAsyncComponent({
    loader,
    loadingComponent: meanwhile,
    delay: 0,
    onError: (_error, retry, _fail, attempts) => void setTimeout(retry, Math.min(FIRST_AGAIN_MS * 2 ** (attempts - 1), LAST_AGAIN_MS)),
  })
}
