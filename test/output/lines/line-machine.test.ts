import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BlockPool } from '../../../src/output/lines/block-pool.ts';
import { createLineMachine, createPlain, type LineMachine } from '../../../src/output/lines/line-machine.ts';
import { LinePrefix } from '../../../src/output/lines/line-prefix.ts';

const machines = [
  ['compiled', createLineMachine],
  ['plain', createPlain],
] as const;

const PREFIX_AT = 64;
const START = 1_000;
const END = 3_000;

/** The lines end at `END`, `gap` bytes of room before them; behind them lies a newline that is none of theirs. */
function run(machine: LineMachine, lines: string, prefix: string, gap: number, continues: boolean) {
  const { memory } = machine;
  memory.fill(0x0a, START, END + 8);
  memory.write(prefix, PREFIX_AT, 'latin1');
  const from = END - lines.length;
  memory.write(lines, from, 'latin1');
  const to = from - gap;
  const task = { from, end: END, to, prefixAt: PREFIX_AT, prefixLength: prefix.length, continues };
  const { written, unread } = machine.run(task);
  return { output: memory.toString('latin1', to, written), rest: memory.toString('latin1', unread, END) };
}

function expected(lines: string, prefix: string, continues: boolean): string {
  const all = lines.replace(/^(?=.|\n)/gm, prefix);
  return continues ? all.slice(prefix.length) : all;
}

describe.each(machines)('the %s line machine', (_name, create) => {
  const machine = create(4_096);
  const text = fc.string({ unit: fc.constantFrom('a', '\n', '\x0b', '\x8a', '\xff', '\0'), maxLength: 150 });
  const prefixes = fc.string({ unit: fc.constantFrom('p', 'q', ' '), minLength: 1, maxLength: 40 });

  test('puts the prefix before each line', () => {
    fc.assert(
      fc.property(text, prefixes, fc.boolean(), (lines, prefix, continues) => {
        fc.pre(lines.length > 0);
        const gap = lines.length * prefix.length + prefix.length + 8;
        const { output, rest } = run(machine, lines, prefix, gap, continues);
        expect([output, rest]).toEqual([expected(lines, prefix, continues), '']);
      }),
    );
  });

  test('stops before the line that finds no room, and leaves what is unread as it was', () => {
    fc.assert(
      fc.property(text, prefixes, fc.nat(60), (lines, prefix, extra) => {
        fc.pre(lines.length > 0);
        const { output, rest } = run(machine, lines, prefix, prefix.length + 8 + extra, false);
        expect(lines.endsWith(rest)).toBe(true);
        expect(rest.length).toBeLessThan(lines.length);
        expect(output).toBe(expected(lines.slice(0, lines.length - rest.length), prefix, false));
      }),
    );
  });
});

test('is compiled here: the memory consists of whole pages', () => {
  expect(createLineMachine(1_000).memory).toHaveLength(65_536);
  expect(createPlain(1_000).memory).toHaveLength(1_000);
});

describe.each(machines)('a prefix put on with the %s machine', (_name, create) => {
  const line = (length: number): string => `${'x'.repeat(length - 1)}\n`;

  test.each([1, 3, 100, 70_000])('takes 300 kB in lines of %i bytes at once', (length) => {
    const prefix = new LinePrefix('name | ', new BlockPool(create));
    const count = Math.ceil(300_000 / length);
    const input = Buffer.from(line(length).repeat(count));
    const blocks = prefix.apply(input.subarray(0, 1_234), input.subarray(1_234), false);
    const isRight = Buffer.concat(blocks).equals(Buffer.from(`name | ${line(length)}`.repeat(count)));
    expect(isRight).toBe(true);
  });

  test('never gives memory out twice before it is given back', () => {
    const pool = new BlockPool(create);
    const prefix = new LinePrefix('| ', pool);
    const input = (index: number): Buffer => Buffer.from(`${String(index).repeat(9_999)}\n`);
    const output = (index: number): string => `| ${input(index).toString()}`;
    const indexes = [...Array(30).keys()];
    for (let round = 0; round < 2; round++) {
      const blocks = indexes.map((index) => prefix.apply(Buffer.alloc(0), input(index % 10), false));
      blocks.forEach((parts, index) => {
        expect(Buffer.concat(parts).toString()).toBe(output(index % 10));
        for (const part of parts) pool.giveBack(part);
      });
    }
  });
});
