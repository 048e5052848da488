import './styles/main.css'

import ui from '@nuxt/ui/vue-plugin'
import { VueQueryPlugin } from '@tanstack/vue-query'
import { createPinia } from 'pinia'
import { createApp } from 'vue'

import App from './App.vue'
import { client } from './api/generated/client.gen'
import { asProblem, problemFrom } from './api/problem'
import { queryOptions } from './api/queries'
import { useSession } from './features/auth/session'
import { i18n } from './locales/i18n'
import { install as installOffline } from './offline'
import { router } from './router'

client.interceptors.error.use((error, response) => (response instanceof Response ? problemFrom(response.status, error) : asProblem(error)))

const pinia = createPinia()
// Who is signed in is asked while the page is set up; what comes of it, the router asks for.
useSession(pinia).resume().catch(() => undefined)
createApp(App).use(pinia).use(router).use(i18n).use(VueQueryPlugin, queryOptions).use(ui).mount('#app')
installOffline(router)
