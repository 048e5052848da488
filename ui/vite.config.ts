import { fileURLToPath } from 'node:url'

import vueI18n from '@intlify/unplugin-vue-i18n/vite'
import ui from '@nuxt/ui/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

/** Where a control plane answers while the portal is served by `npm run dev`. */
const api = process.env.FLOTILLA_URL ?? 'http://127.0.0.1:8000'

export default defineConfig({
  plugins: [
    vue(),
    vueI18n({ include: [fileURLToPath(new URL('src/locales/*/*.json', import.meta.url))], strictMessage: false }),
    ui({
      router: true,
      autoImport: false,
      components: { dts: 'components.d.ts', dirs: [] },
      icon: { clientBundle: { scan: true, sizeLimitKb: 512 } },
      ui: {
        colors: { primary: 'sky', neutral: 'slate', success: 'emerald', error: 'rose', warning: 'amber' },
      },
    }),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('src', import.meta.url)) } },
  server: { proxy: { '/api': api, '/openapi.json': api, '/docs': api } },
  build: {
    outDir: process.env.FLOTILLA_PORTAL_TARGET ?? 'dist',
    emptyOutDir: true,
    target: 'es2022',
    reportCompressedSize: true,
    manifest: true,
  },
})
