import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BlockPool } from '../../../src/output/lines/block-pool.ts';
import { Destination } from '../../../src/output/destinations/destination.ts';
import { PrefixedSink } from '../../../src/output/sinks.ts';

/** Keeps a copy of what is written and returns the memory at once, as a descriptor does. */
class Memory extends Destination {
  override readonly isClosed = false;
  override readonly returnsMemory = true;
  readonly #written: Buffer[] = [];

  override idle(): Promise<void> {
    return Promise.resolve();
  }

  protected override write(bytes: Buffer, whenTaken?: () => void): void {
    this.#written.push(Buffer.from(bytes));
    whenTaken?.();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#written);
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }
}

function setUp({ lineLimitBytes = 64 * 1024, prefixes = ['a | ', 'bb:1 | '] } = {}) {
  const destination = new Memory('stdout', () => undefined);
  const pool = new BlockPool();
  const sinks = prefixes.map((prefix) => new PrefixedSink(destination, prefix, pool, lineLimitBytes));
  const push = (index: number, text: string): void => {
    sinks[index]?.push(Buffer.from(text));
  };
  return { destination, sinks, push };
}

describe('lines with a prefix', () => {
  test('puts it before each line, empty ones too', () => {
    const { destination, push } = setUp();
    push(0, 'one\n\ntwo\n');
    expect(destination.text).toBe('a | one\na | \na | two\n');
  });

  test('keeps the beginning of a line back until its newline comes', () => {
    const { destination, push } = setUp();
    push(0, 'on');
    push(1, 'other\n');
    push(0, 'e\ntw');
    expect(destination.text).toBe('bb:1 | other\na | one\n');
  });

  test('ends a last line that has no newline', () => {
    const { destination, sinks, push } = setUp();
    push(0, 'one\nlast');
    sinks[0]?.end();
    expect(destination.text).toBe('a | one\na | last\n');
  });

  test('writes nothing at the end where nothing is left', () => {
    const { destination, sinks, push } = setUp();
    push(0, 'one\n');
    sinks[0]?.end();
    sinks[1]?.end();
    expect(destination.text).toBe('a | one\n');
  });

  test('passes a line beyond the limit on in pieces without a byte more', () => {
    const { destination, sinks, push } = setUp({ lineLimitBytes: 4 });
    for (const piece of ['123', '45', '6', '789']) push(0, piece);
    expect(destination.text).toBe('a | 123456789');
    push(0, '\nnext\n');
    sinks[0]?.end();
    expect(destination.text).toBe('a | 123456789\na | next\n');
  });

  test('ends such a line first when another instance writes, and gives its rest a prefix of its own', () => {
    const { destination, push } = setUp({ lineLimitBytes: 4 });
    push(0, '12345');
    push(1, 'other\n');
    push(0, '6');
    push(0, '7\n');
    expect(destination.text).toBe('a | 12345\nbb:1 | other\na | 67\n');
  });

  test('ends such a line first when the manager itself has something to say', () => {
    const { destination, sinks, push } = setUp({ lineLimitBytes: 4 });
    push(0, '12345');
    destination.writeMessage('alternate | hello');
    sinks[0]?.end();
    expect(destination.text).toBe('a | 12345\nalternate | hello\n');
  });

  test('ends such a line at the end of the stream', () => {
    const { destination, sinks, push } = setUp({ lineLimitBytes: 4 });
    push(0, '12345');
    sinks[0]?.end();
    expect(destination.text).toBe('a | 12345\n');
  });

  test('leaves bytes alone that are not UTF-8, and characters cut by a chunk', () => {
    const { destination, sinks } = setUp({ prefixes: ['ü:1 | '] });
    const bytes = Buffer.from([0xff, 0x00, 0xe2, 0x82, 0xac, 0x0d, 0x0a, 0x80]);
    for (const byte of bytes) sinks[0]?.push(Buffer.from([byte]));
    sinks[0]?.end();
    const prefix = Buffer.from('ü:1 | ');
    const expected = [prefix, bytes.subarray(0, 7), prefix, bytes.subarray(7), Buffer.from('\n')];
    expect(destination.bytes).toEqual(Buffer.concat(expected));
  });

  test.each([1, 2, 11, 100, 5_000])('holds for chunks of 64 KiB with lines of %i bytes', (length) => {
    const { destination, sinks } = setUp({ prefixes: ['service-with-a-long-name:parameter | '] });
    const line = `${'x'.repeat(length - 1)}\n`;
    const count = Math.ceil(200_000 / length);
    const input = Buffer.from(line.repeat(count));
    for (let at = 0; at < input.length; at += 65_536) sinks[0]?.push(input.subarray(at, at + 65_536));
    expect(destination.text === `service-with-a-long-name:parameter | ${line}`.repeat(count)).toBe(true);
  });

  test('gives every input back when the prefixes are taken off, however it was cut into chunks', () => {
    const text = fc.string({ unit: fc.constantFrom('x', 'y', '\n', '0'), maxLength: 60 });
    const writes = fc.array(fc.record({ source: fc.nat({ max: 1 }), text }), { maxLength: 40 });
    fc.assert(
      fc.property(writes, fc.integer({ min: 1, max: 70 }), (chunks, lineLimitBytes) => {
        const { destination, sinks, push } = setUp({ lineLimitBytes });
        for (const chunk of chunks) push(chunk.source, chunk.text);
        for (const sink of sinks) sink.end();

        const lines = destination.text.split('\n').slice(0, -1);
        const isBounded = lines.every((line) => /^(a|bb:1) \| [xy0]*$/.test(line));
        expect(isBounded, destination.text).toBe(true);
        ['a | ', 'bb:1 | '].forEach((prefix, source) => {
          const input = chunks.filter((chunk) => chunk.source === source).map((chunk) => chunk.text);
          const output = lines
            .filter((line) => line.startsWith(prefix))
            .map((line) => line.slice(prefix.length));
          // Newlines are added only where a line beyond the limit was interrupted.
          if (
            lineLimitBytes === 70 &&
            input
              .join('')
              .split('\n')
              .every((line) => line.length < 70)
          ) {
            expect(output.join('\n')).toBe(input.join('').replace(/\n$/, ''));
          }
          expect(output.join('')).toBe(input.join('').replaceAll('\n', ''));
        });
      }),
    );
  });
});
