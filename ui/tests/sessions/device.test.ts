import { expect, it } from 'vitest'

import { deviceOf, isHandheld } from '@/features/sessions/device'

const EDGE = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0'
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1'

it.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0', 'Firefox · Linux', false],
  [EDGE, 'Edge · Windows', false],
  [IPHONE, 'Safari · iOS', true],
  ['Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36', 'Chrome · Android', true],
  ['python-httpx/0.28', 'python-httpx/0.28', false],
  ['', '', false],
])('%s is %s', (agent, device, handheld) => {
  expect(deviceOf(agent)).toBe(device)
  expect(isHandheld(agent)).toBe(handheld)
})
