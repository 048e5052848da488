import { inject, provide, type InjectionKey, type Ref } from 'vue'

import type { Json, JsonObject } from '@/components/changes'

import type { Path } from './draft'

/** What a form's fields share: the document, what is wrong with it, and whether it may be changed. */
export interface Editor {
  document: Ref<JsonObject>
  /** Sentences by path. */
  errors: Ref<ReadonlyMap<string, readonly string[]>>
  readonly: Ref<boolean>
  /** Of one bot: a section may be inherited, its own, or off. */
  isOverride: Ref<boolean>
  set(path: Path, value: Json | undefined): void
}

const KEY: InjectionKey<Editor> = Symbol('policy editor')

export function provideEditor(editor: Editor): void {
  provide(KEY, editor)
}

export function useEditor(): Editor {
  const editor = inject(KEY)
  if (editor === undefined) throw new Error('a field of a policy stands in a form')
  return editor
}
