import { defineConfig } from '@hey-api/openapi-ts'

/** `npm run api` writes the document of the API first; a test holds what is made of it fresh. */
export default defineConfig({
  input: process.env.FLOTILLA_OPENAPI ?? './node_modules/.openapi.json',
  output: { path: process.env.FLOTILLA_API_TARGET ?? './src/api/generated', clean: true },
  plugins: ['@hey-api/typescript', { name: '@hey-api/sdk', responseStyle: 'data' }, { name: '@hey-api/client-fetch', throwOnError: true, runtimeConfigPath: '../config' }],
})
