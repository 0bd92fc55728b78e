import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { yaml } from '@codemirror/lang-yaml'
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language'
import { forceLinting, lintGutter, lintKeymap, linter } from '@codemirror/lint'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import { EditorState, type Extension } from '@codemirror/state'
import { EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { useEffect, useRef } from 'preact/hooks'
import { withConstructedStyles } from '../parts/constructed-styles.ts'
import type { Finding } from './compose.ts'

export interface EditorProps {
  label: string
  text: string
  yaml: boolean
  readOnly: boolean
  lint: (text: string) => Finding[]
  /** What `lint` depends on besides the text. */
  also?: string
  onChange: (text: string) => void
  onFindings: (findings: Finding[]) => void
  onSave: () => void
  /** Receives what goes to a place of the text. */
  go?: { current: ((at: number) => void) | null }
}

const look = EditorView.theme({
  '&': { height: '100%', fontSize: '.86rem', backgroundColor: 'var(--panel)', color: 'var(--text)' },
  '&.cm-focused': { outline: 'none' }, // the whole pane shows it
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.5' },
  '.cm-content': { padding: '.5rem 0', caretColor: 'var(--text)' },
  '.cm-specialChar': { color: 'var(--bad)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': { backgroundColor: 'var(--panel)', color: 'var(--quiet)', border: '0' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--raised) 60%, transparent)' },
  '.cm-activeLineGutter': { backgroundColor: 'var(--raised)' },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'color-mix(in srgb, var(--accent) 25%, transparent)' },
  '.cm-selectionMatch, .cm-searchMatch': { backgroundColor: 'light-dark(#ffe083, #7a5c00)' },
  '.cm-panels': { backgroundColor: 'var(--raised)', color: 'var(--text)', borderColor: 'var(--line)' },
  '.cm-panel.cm-search': { padding: '.4rem 2rem .4rem .5rem' },
  '.cm-panel.cm-search label': { display: 'inline-flex', alignItems: 'center', gap: '.3rem', fontSize: '.8rem' },
  '.cm-panel.cm-search [type=checkbox]': { margin: '0' },
  '.cm-textfield, .cm-button': { background: 'var(--panel)', color: 'var(--text)', border: '1px solid var(--line)', borderRadius: '.3rem', fontSize: '.8rem' },
  '.cm-panel [name=close]': { color: 'var(--text)', padding: '0 .4rem' },
  '.cm-tooltip': { backgroundColor: 'var(--panel)', color: 'var(--text)', border: '1px solid var(--line)', borderRadius: '.4rem' },
  // The pictures of the package are data: URLs, which the content security policy forbids.
  '.cm-lintRange': { backgroundImage: 'none', paddingBottom: '0', textDecoration: 'underline wavy .06em', textUnderlineOffset: '.2em' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecorationColor: 'var(--bad)' },
  '.cm-lintRange-warning': { backgroundImage: 'none', textDecorationColor: 'var(--warn)' },
  '.cm-lintRange-info': { backgroundImage: 'none', textDecorationColor: 'var(--quiet)' },
  '.cm-gutter-lint': { width: '1.1rem' },
  '.cm-lint-marker': { width: '.6rem', height: '.6rem', margin: '.35rem auto', borderRadius: '50%' },
  '.cm-gutter-lint .cm-lint-marker-error': { content: '""', background: 'var(--bad)' },
  '.cm-gutter-lint .cm-lint-marker-warning': { content: '""', background: 'var(--warn)' },
  '.cm-gutter-lint .cm-lint-marker-info': { content: '""', background: 'var(--quiet)' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--bad)' },
  '.cm-diagnostic-warning': { borderLeftColor: 'var(--warn)' },
  '.cm-diagnostic-info': { borderLeftColor: 'var(--quiet)' },
})

const colours = HighlightStyle.define([
  { tag: [tags.definition(tags.propertyName), tags.propertyName], color: 'var(--accent)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--good)' },
  { tag: tags.comment, color: 'var(--quiet)', fontStyle: 'italic' },
  { tag: [tags.labelName, tags.typeName, tags.keyword, tags.meta], color: 'var(--warn)' },
  { tag: tags.invalid, color: 'var(--bad)' },
])

/** A file to be edited. Tab indents; Escape and then Tab leaves it. */
export default function Editor(props: EditorProps) {
  const place = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(null)
  const now = useRef(props)
  now.current = props

  useEffect(() => {
    const extensions: Extension[] = [
      lineNumbers(),
      lintGutter(),
      // Whoever looks at a file sees what is there: also what hides, and what turns the text around.
      highlightSpecialChars({ addSpecialChars: /[\u200c-\u200d\u202a-\u202c\u2060-\u2068]/g }),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      history(),
      indentOnInput(),
      bracketMatching(),
      highlightSelectionMatches(),
      search({ top: true }),
      syntaxHighlighting(colours),
      look,
      indentUnit.of('  '),
      EditorState.tabSize.of(2),
      EditorState.readOnly.of(props.readOnly),
      EditorView.contentAttributes.of({
        tabindex: '0',
        'aria-label': props.label,
        'aria-description': 'Tab indents; Escape and then Tab leaves the editor',
        spellcheck: 'false',
      }),
      linter(
        editor => {
          const found = now.current.lint(editor.state.doc.toString())
          now.current.onFindings(found)
          return found
        },
        { delay: 300 },
      ),
      keymap.of([
        {
          key: 'Mod-s',
          preventDefault: true,
          run: () => {
            now.current.onSave()
            return true
          },
        },
        indentWithTab,
        ...defaultKeymap,
        ...searchKeymap,
        ...historyKeymap,
        ...lintKeymap,
      ]),
      EditorView.domEventHandlers({
        // By itself the browser would join the lines that are typed over with inline styles, which the content security policy forbids.
        beforeinput: (event, editor) => {
          if (event.inputType !== 'insertText' || event.data === null || editor.state.selection.main.empty || editor.state.readOnly) return false
          event.preventDefault()
          editor.dispatch(editor.state.replaceSelection(event.data), { userEvent: 'input.type', scrollIntoView: true })
          return true
        },
      }),
      EditorView.updateListener.of(update => {
        if (update.docChanged) now.current.onChange(update.state.doc.toString())
      }),
      ...(props.yaml ? [yaml()] : []),
    ]
    // The sheets stay: the editor's own bookkeeping takes them to be there from then on.
    withConstructedStyles(() => {
      view.current = new EditorView({ parent: place.current!, state: EditorState.create({ doc: props.text, extensions }) })
    })
    forceLinting(view.current!)
    if (props.go) {
      props.go.current = at => {
        view.current?.dispatch({ selection: { anchor: at }, scrollIntoView: true })
        view.current?.focus()
      }
    }
    return () => view.current?.destroy()
  }, [props.readOnly])

  useEffect(() => {
    const editor = view.current!
    if (editor.state.doc.toString() !== props.text) editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: props.text } })
  }, [props.text])
  useEffect(() => {
    const editor = view.current!
    now.current.onFindings(now.current.lint(editor.state.doc.toString()))
    forceLinting(editor)
  }, [props.also])

  return <div class="editor" ref={place} />
}
