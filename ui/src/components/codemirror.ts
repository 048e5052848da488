/**
 * What every editor of the portal has: its text is bound, its look follows that of the page, and it has a name. Import
 * it from components that are loaded where they are shown alone.
 */
import { defaultHighlightStyle, HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { Compartment, EditorState, type Extension } from '@codemirror/state'
import { oneDarkHighlightStyle, oneDarkTheme } from '@codemirror/theme-one-dark'
import { useDark } from '@vueuse/core'
import { basicSetup, EditorView } from 'codemirror'
import { onBeforeUnmount, onMounted, shallowRef, watch, type Ref } from 'vue'

/** The orange of the library's light colours is too pale to be read on white. */
const PALE = '#e40'
const light = syntaxHighlighting(
  HighlightStyle.define(defaultHighlightStyle.specs.map((spec) => (spec.color === PALE ? { ...spec, color: '#b13600' } : spec))),
)
/** So is the grey of the dark ones where a line is marked. */
const DIM = '#7d8799'
const dark = syntaxHighlighting(
  HighlightStyle.define(oneDarkHighlightStyle.specs.map((spec) => (spec.color === DIM ? { ...spec, color: '#a8b3c4' } : spec)), { themeType: 'dark' }),
)
/** The dark ones are read on the page's own ground, which is darker than that which they come with. */
const ground = EditorView.theme(
  {
    '&': { backgroundColor: 'var(--ui-bg)' },
    '.cm-gutters': { backgroundColor: 'var(--ui-bg)' },
    '.cm-activeLineGutter': { backgroundColor: 'transparent', color: 'var(--ui-text)' },
  },
  { dark: true },
)

/** The look of the page for these editors, which they follow from then on. */
export function useColours(views: () => readonly EditorView[]): () => Extension {
  const isDark = useDark()
  const place = new Compartment()
  const now = (): Extension => (isDark.value ? [ground, oneDarkTheme, dark] : light)
  watch(isDark, () => views().forEach((view) => view.dispatch({ effects: place.reconfigure(now()) })))
  return () => place.of(now())
}

/** What a screen reader calls the text, which is reached by keyboard, as what scrolls must be. */
export function named(label: string): Extension {
  return EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' })
}

interface Options {
  text: Ref<string>
  label: () => string
  readonly: () => boolean
  /** The language, and what else this editor has. */
  extensions: Extension
}

/** An editor in `place`, from when it stands until it goes. */
export function useCodeMirror(place: Readonly<Ref<HTMLElement | null>>, { text, label, readonly, extensions }: Options) {
  const view = shallowRef<EditorView | null>(null)
  const access = new Compartment()
  const accessNow = () => EditorState.readOnly.of(readonly())
  const colours = useColours(() => (view.value === null ? [] : [view.value]))

  onMounted(() => {
    if (place.value === null) return
    view.value = new EditorView({
      parent: place.value,
      state: EditorState.create({
        doc: text.value,
        extensions: [
          basicSetup,
          extensions,
          colours(),
          access.of(accessNow()),
          named(label()),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) text.value = update.state.doc.toString()
          }),
        ],
      }),
    })
  })
  onBeforeUnmount(() => view.value?.destroy())

  watch(readonly, () => view.value?.dispatch({ effects: access.reconfigure(accessNow()) }))
  watch(text, (now) => {
    const held = view.value?.state.doc
    if (held !== undefined && held.toString() !== now) view.value?.dispatch({ changes: { from: 0, to: held.length, insert: now } })
  })
  return view
}
