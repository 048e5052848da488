import { describe, expect, it } from 'vitest'

import { outlineOf } from '@/features/strategies/outline'

const SOURCE = `from freqtrade import strategy
from freqtrade.strategy import IntParameter, IStrategy, informative

class Base(IStrategy):
    window = IntParameter(1, 9, default=3)
    stop = IntParameter(
        2, 8
    )

    def leverage(self, pair):
        return 1

class Mine(Base):
    timeframe = "5m"
    window = strategy.DecimalParameter(0.1, 2, default=1, space="buy")

    @informative("1h")
    def populate_indicators(self, dataframe, metadata):
        def custom_exit(): ...
        return dataframe

    def helper(self): ...

class Other(IStrategy):
    def custom_stoploss(self): ...
`

describe('outlineOf', () => {
  it('finds callbacks and parameters of a class and of what it derives from, with their lines', () => {
    const outline = outlineOf(SOURCE, 'Mine')
    expect(outline.callbacks).toEqual([
      { name: 'populate_indicators', line: 18 },
      { name: 'leverage', line: 10 },
    ])
    expect(outline.parameters).toEqual([
      { name: 'window', kind: 'DecimalParameter', arguments: '0.1, 2, default=1, space="buy"', line: 15 },
      { name: 'stop', kind: 'IntParameter', arguments: '2, 8', line: 6 },
    ])
  })
  it('reads what is half written, and no class that is not there', () => {
    expect(outlineOf('class Mine(IStrategy):\n    def custom_exit(self,\n', 'Mine').callbacks.map((one) => one.name)).toEqual(['custom_exit'])
    expect(outlineOf(SOURCE, 'Nobody')).toEqual({ callbacks: [], parameters: [] })
    expect(outlineOf('class A(B): ...\nclass B(A): ...\n', 'A').callbacks).toEqual([])
  })
})
