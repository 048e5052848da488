import { defineConfig, mergeConfig } from 'vitest/config'

import vite from './vite.config'

/** For what takes moments on a machine that has nothing else to do. */
const PATIENT_MS = 180_000

export default mergeConfig(
  vite,
  defineConfig({ test: { environment: 'happy-dom', include: ['tests/**/*.test.ts'], testTimeout: PATIENT_MS, hookTimeout: PATIENT_MS } }),
)
