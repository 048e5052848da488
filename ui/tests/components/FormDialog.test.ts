import { flushPromises, mount } from '@vue/test-utils'
import { expect, it, vi } from 'vitest'
import { h } from 'vue'

import FormDialog from '@/components/FormDialog.vue'

const stubs = {
  Modal: { render(this: { $slots: Record<string, () => unknown> }) { return h('div', [this.$slots.body?.(), this.$slots.footer?.()] as never) } },
  Button: { render(this: { $slots: Record<string, () => unknown> }) { return h('button', this.$slots.default?.() as never) } },
}

it('sends once, until it is told how that went', async () => {
  vi.useFakeTimers()
  const props = { title: 'Move', action: 'Move it', isPending: false, isReady: true }
  const shown = mount(FormDialog, { props, global: { stubs, mocks: { $t: (key: string) => key } } })
  const sent = () => shown.emitted('send')?.length ?? 0
  const send = () => shown.find('form').trigger('submit')
  await send()
  await send()
  expect(sent(), 'two taps before it is told that it is under way').toBe(1)
  await vi.advanceTimersByTimeAsync(100)
  await shown.setProps({ isPending: true })
  await send()
  expect(sent()).toBe(1)
  await shown.setProps({ isPending: false })
  await send()
  expect(sent(), 'after it was refused, say').toBe(2)
  await vi.advanceTimersByTimeAsync(100)
  await shown.setProps({ isReady: false })
  await send()
  await flushPromises()
  expect(sent()).toBe(2)
  vi.useRealTimers()
})
