import { pythonLanguage } from '@codemirror/lang-python'

/** What a strategy's class says of itself: FreqTrade's callbacks that it has, and its parameters. Read from the text,
 * so nothing is run; what it inherits from another file is not seen. Pure. */
export interface Outline {
  callbacks: { name: string; line: number }[]
  /** `kind` is FreqTrade's class, `arguments` what stands between its brackets. */
  parameters: { name: string; kind: string; arguments: string; line: number }[]
}

type Tree = ReturnType<typeof pythonLanguage.parser.parse>
type SyntaxNode = Tree['topNode']

/** What FreqTrade calls of a strategy (`freqtrade.strategy.IStrategy`). */
const CALLBACKS = new Set([
  'bot_start', 'bot_loop_start', 'informative_pairs', 'check_entry_timeout', 'check_exit_timeout', 'confirm_trade_entry',
  'confirm_trade_exit', 'order_filled', 'custom_stoploss', 'custom_roi', 'custom_entry_price', 'custom_exit_price',
  'custom_exit', 'custom_sell', 'custom_stake_amount', 'adjust_trade_position', 'adjust_entry_price', 'adjust_exit_price',
  'adjust_order_price', 'leverage', 'plot_annotations', 'populate_indicators', 'populate_entry_trend', 'populate_exit_trend',
  'populate_buy_trend', 'populate_sell_trend', 'feature_engineering_expand_all', 'feature_engineering_expand_basic',
  'feature_engineering_standard', 'set_freqai_targets',
]) // prettier-ignore
const PARAMETER = /^(?:Boolean|Categorical|Decimal|Int|Real)Parameter$/

export function outlineOf(source: string, className: string): Outline {
  const text = (node: SyntaxNode) => source.slice(node.from, node.to)
  const lineOf = (node: SyntaxNode) => source.slice(0, node.from).split('\n').length
  const classes = new Map<string, SyntaxNode>()
  for (const node of children(pythonLanguage.parser.parse(source).topNode)) {
    const found = undecorated(node)
    const name = found.name === 'ClassDefinition' ? found.getChild('VariableName') : null
    if (name !== null) classes.set(text(name), found)
  }

  const outline: Outline = { callbacks: [], parameters: [] }
  const known = new Set<string>()
  const read = (node: SyntaxNode): void => {
    for (const statement of children(node.getChild('Body'))) {
      const found = undecorated(statement)
      const name = found.getChild('VariableName')
      if (name === null || known.has(text(name))) continue
      if (found.name === 'FunctionDefinition' && CALLBACKS.has(text(name))) {
        outline.callbacks.push({ name: text(name), line: lineOf(found) })
      } else if (found.name === 'AssignStatement') {
        const call = found.getChild('CallExpression')
        const kind = call?.firstChild ? (text(call.firstChild).split('.').at(-1) ?? '') : ''
        if (!PARAMETER.test(kind)) continue
        const list = call?.getChild('ArgList')
        outline.parameters.push({ name: text(name), kind, arguments: list ? text(list).slice(1, -1).trim() : '', line: lineOf(found) })
      } else continue
      known.add(text(name))
    }
  }
  /** The class, then those of the file that it derives from: what the nearer one has counts. */
  const todo = [className]
  for (const seen = new Set<string>(); todo.length > 0; ) {
    const name = todo.shift()!
    const node = classes.get(name)
    if (node === undefined || seen.has(name)) continue
    seen.add(name)
    read(node)
    todo.push(...children(node.getChild('ArgList')).filter((one) => one.name === 'VariableName').map(text))
  }
  return outline
}

function undecorated(node: SyntaxNode): SyntaxNode {
  return node.name === 'DecoratedStatement' ? (node.lastChild ?? node) : node
}

function children(node: SyntaxNode | null): SyntaxNode[] {
  const found: SyntaxNode[] = []
  for (let child = node?.firstChild ?? null; child !== null; child = child.nextSibling) found.push(child)
  return found
}
