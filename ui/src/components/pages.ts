/** Where one can go, by the navigation and by the command palette. */
export const PAGES = [
  { name: 'fleet', icon: 'i-lucide-gauge', to: '/' },
  { name: 'risk', icon: 'i-lucide-shield', to: '/risk' },
  { name: 'wallets', icon: 'i-lucide-wallet', to: '/wallets' },
  { name: 'strategies', icon: 'i-lucide-file-code', to: '/strategies' },
  { name: 'audit', icon: 'i-lucide-scroll-text', to: '/audit' },
  { name: 'settings', icon: 'i-lucide-settings', to: '/settings' },
]
export const ADMIN_PAGES = [
  { name: 'pools', icon: 'i-lucide-boxes', to: '/pools' },
  { name: 'users', icon: 'i-lucide-users', to: '/users' },
]
