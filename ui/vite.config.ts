import { fileURLToPath } from 'node:url'

import vueI18n from '@intlify/unplugin-vue-i18n/vite'
import ui from '@nuxt/ui/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import { VitePWA } from 'vite-plugin-pwa'

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
      // Icons that are named in scripts alone are found, too: one that is not in the bundle would be asked of a server.
      icon: { clientBundle: { scan: { globInclude: ['src/**/*.{vue,ts}'] }, sizeLimitKb: 512 } },
      ui: {
        colors: { primary: 'sky', neutral: 'slate', success: 'emerald', error: 'rose', warning: 'amber' },
      },
    }),
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'src',
      filename: 'sw.ts',
      injectRegister: false,
      // What a first visit needs offline, and every page; charts and editors come when they are first wanted.
      injectManifest: { globPatterns: ['index.html', 'icon*', 'assets/*.{js,css}'], globIgnores: ['**/lang-*'], maximumFileSizeToCacheInBytes: 3_000_000 },
      manifest: {
        name: 'Flotilla',
        short_name: 'Flotilla',
        description: 'A fleet of FreqTrade bots, on one page',
        id: '/',
        start_url: '/',
        display: 'standalone',
        background_color: '#0f172a',
        theme_color: '#0f172a',
        icons: [
          { src: '/icon.svg', sizes: 'any', type: 'image/svg+xml' },
          { src: '/icon-192.png', sizes: '192x192', type: 'image/png' },
          { src: '/icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'any' },
          { src: '/icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
        ],
      },
    }),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('src', import.meta.url)) } },
  // The API judges by the Host header where a page is from: it is that of the page.
  server: { proxy: Object.fromEntries(['/api', '/openapi.json', '/docs'].map((path) => [path, { target: api, changeOrigin: false }])) },
  build: {
    outDir: process.env.FLOTILLA_PORTAL_TARGET ?? 'dist',
    emptyOutDir: true,
    target: 'es2022',
    reportCompressedSize: true,
    manifest: true,
  },
})
