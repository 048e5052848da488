import type { CreateClientConfig } from './generated/client.gen'
import { authorised } from './transport'

/** The portal is served by the API it speaks to; every request goes through the sign-in that this tab holds. */
export const createClientConfig: CreateClientConfig = (config) => ({
  ...config,
  baseUrl: '',
  fetch: authorised,
})
