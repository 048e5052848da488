import { fileURLToPath } from 'node:url'

import vueI18n from '@intlify/unplugin-vue-i18n/vite'
import ui from '@nuxt/ui/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'
import { VitePWA } from 'vite-plugin-pwa'

/** Where a control plane answers while the portal is served by `npm run dev`. */
const api = process.env.FLOTILLA_URL ?? 'http://127.0.0.1:8000'

const source = (path: string) => fileURLToPath(new URL(`src/${path}`, import.meta.url))
const FIRST_PAGE = ['features/fleet/FleetPage.vue', 'locales/en/fleet.json'].map(source)

/** All that comes with these modules, not what they ask for later. */
function withImports(ids: string[], importsOf: (id: string) => readonly string[]): Set<string> {
  const found = new Set<string>()
  const add = (id: string) => {
    if (found.has(id)) return
    found.add(id)
    importsOf(id).forEach(add)
  }
  ids.forEach(add)
  return found
}

/**
 * The head begins with the script that asks who is signed in: plain, since that one runs before all else has arrived.
 * And what the fleet's page needs is fetched with the rest, not after the rest has run.
 */
function ahead(): Plugin {
  return {
    name: 'flotilla-ahead',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        if (bundle === undefined) return [{ tag: 'script', attrs: { type: 'module', src: '/src/early.ts' }, injectTo: 'head-prepend' }]
        const chunks = Object.values(bundle).filter((one) => one.type === 'chunk')
        const fileOf = (id: string) => chunks.find(({ moduleIds }) => moduleIds.includes(id))!.fileName
        const files = withImports(FIRST_PAGE.map(fileOf), (file) => chunks.find(({ fileName }) => fileName === file)?.imports ?? [])
        return [
          { tag: 'script', attrs: { src: `/${fileOf(source('early.ts'))}` }, injectTo: 'head-prepend' },
          ...[...files]
            .filter((file) => !html.includes(`/${file}"`))
            .map((file) => ({ tag: 'link', attrs: { rel: 'modulepreload', crossorigin: true, href: `/${file}` }, injectTo: 'head' as const })),
        ]
      },
    },
  }
}

/** Packages that a first visit needs whole: of others only what is used of them comes with it. */
const WHOLE = /\/node_modules\/(@?vue|vue-router|vue-i18n|pinia|@intlify|@iconify|@tanstack|eventsource|eventsource-parser|tailwind-merge|tailwind-variants)\//
let first: Set<string> | undefined
let page: Set<string> | undefined

/** Modules that come together anyway are one file: each file of its own costs a phone a round trip. */
function together(id: string, built: { getModuleInfo(id: string): { importedIds: readonly string[] } | null }): string | null {
  if (id.includes('/node_modules/') && !WHOLE.test(id)) return null
  const importsOf = (one: string) => built.getModuleInfo(one)?.importedIds ?? []
  first ??= withImports([source('main.ts')], importsOf)
  page ??= withImports(FIRST_PAGE, importsOf)
  return first.has(id) ? 'first' : page.has(id) ? 'fleet' : null
}

export default defineConfig({
  plugins: [
    ahead(),
    vue(),
    vueI18n({ include: [fileURLToPath(new URL('src/locales/*/*.json', import.meta.url))], strictMessage: false }),
    ui({
      router: true,
      autoImport: false,
      colorMode: false, // components/mode
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
    rolldownOptions: {
      input: { index: fileURLToPath(new URL('index.html', import.meta.url)), early: source('early.ts') },
      output: { codeSplitting: { groups: [{ name: together }] } },
    },
  },
})
