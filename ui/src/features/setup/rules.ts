/** What a person should know of a preset before he takes it. */
const PATHS = ['hard_stop.distance', 'take_profit.levels.0.profit', 'trailing_stop.distance', 'limits.open_trades', 'limits.total_exposure', 'emergency.ratio']

export interface Told {
  fields: { path: string; value: unknown }[]
  losses: { rule: string; ratio: unknown }[]
}

/** Of those rules that the document has. */
export function rulesToTell(document: Record<string, unknown>): Told {
  const fields = PATHS.map((path) => ({ path, value: valueAt(document, path) })).filter(({ value }) => value !== undefined && value !== null)
  const limits = Array.isArray(document.loss_limits) ? (document.loss_limits as Record<string, unknown>[]) : []
  return { fields, losses: limits.map((one) => ({ rule: `loss_limits.${String(one.scope)}.${String(one.window)}.${String(one.response)}`, ratio: one.ratio })) }
}

function valueAt(document: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((node, name) => (typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[name] : undefined), document)
}
