import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createOutputs, type OutputSpec } from '../../src/output/output.ts';
import type { OutputReport } from '../../src/api/event.ts';
import { until } from '../support/until.ts';

const PREFIX: OutputSpec = {
  service: 'api',
  parameter: '3000',
  output: { type: 'prefix' },
  needsLines: false,
};

/** A stream that takes nothing until it is told to. */
class Stalling extends Writable {
  text = '';
  #goOn: (() => void) | null = null;
  #isStalled = true;

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    const take = (): void => {
      this.text += chunk.toString('latin1');
      callback();
    };
    if (this.#isStalled) this.#goOn = take;
    else take();
  }

  resume(): void {
    this.#isStalled = false;
    this.#goOn?.();
  }
}

function setUp({ stdout = new Stalling(), stderr = new Stalling(), stalled = false } = {}) {
  const events: OutputReport[] = [];
  if (!stalled) for (const stream of [stdout, stderr]) stream.resume();
  const outputs = createOutputs({
    stdout,
    stderr,
    report: (event) => events.push(event),
  });
  return { outputs, stdout, stderr, events };
}

describe('the lines of an instance', () => {
  test('are given to whoever listens, from that moment until they stop', async () => {
    const { outputs } = setUp();
    const output = outputs.open(PREFIX);
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    output.attach(stdout, stderr);
    const lines: string[] = [];
    const listening = new AbortController();
    output.onLine((line) => {
      lines.push(line);
      if (line === 'enough') listening.abort();
    }, listening.signal);
    stdout.write('one\r\ntw');
    stderr.write('grün\n\n');
    stdout.write('o\nenough\nunheard\n');
    stdout.end('unheard\n');
    stderr.end('unheard');
    await output.release(10_000);
    expect(lines.sort()).toEqual(['', 'enough', 'grün', 'one', 'two']);
  });

  test('include an unfinished last one, and come in pieces where they are too long', async () => {
    const { outputs } = setUp();
    const output = outputs.open({ ...PREFIX, output: { type: 'ignore' }, needsLines: true });
    const stdout = new PassThrough();
    const lines: string[] = [];
    output.attach(stdout, null);
    output.onLine((line) => lines.push(line), new AbortController().signal);
    for (let count = 0; count < 3; count++) stdout.write('x'.repeat(40_000));
    stdout.end('\nlast');
    await output.release(10_000);
    expect(lines.at(-1)).toBe('last');
    expect(lines.slice(0, -1).join('')).toBe('x'.repeat(120_000));
    expect(lines.length).toBeGreaterThan(2);
  });
});

describe('release', () => {
  test('resolves for an instance that was never started', async () => {
    await setUp().outputs.open(PREFIX).release(10_000);
  });

  test('gives a pipe up that does not end, with what it held', async () => {
    const { outputs, stdout } = setUp();
    const output = outputs.open(PREFIX);
    const pipe = new PassThrough();
    output.attach(pipe, null);
    pipe.write('one\nhalf');
    await output.release(1);
    expect(pipe.destroyed).toBe(true);
    expect(stdout.text).toBe('api:3000 | one\napi:3000 | half\n');
  });

  test('does not give it up while the reader of the manager stalls', async () => {
    const { outputs, stdout } = setUp({ stalled: true });
    const output = outputs.open(PREFIX);
    const pipe = new PassThrough();
    output.attach(pipe, null);
    const block = `${'x'.repeat(65_535)}\n`;
    for (let count = 0; count < 12; count++) pipe.write(block);
    await until('the pipe to be paused', () => pipe.isPaused());
    const released = output.release(1);
    expect(await outputs.flush(50)).toBe(false);
    expect(pipe.destroyed).toBe(false);
    stdout.resume();
    await until('the release', released);
    expect(stdout.text).toHaveLength(12 * (65_536 + 'api:3000 | '.length));
    expect(await outputs.flush(10_000)).toBe(true);
  });
});

describe("the manager's own messages", () => {
  test('go to stderr as lines', () => {
    const { outputs, stderr } = setUp();
    outputs.writeMessage('one');
    outputs.writeMessage('two\n');
    expect(stderr.text).toBe('one\ntwo\n');
  });

  test('are dropped beyond 1 MiB that waits, and counted', async () => {
    const { outputs, stderr, events } = setUp({ stalled: true });
    for (let count = 0; count < 1_500; count++) outputs.writeMessage('x'.repeat(1023));
    expect(stderr.writableLength).toBe(1024 * 1024);
    stderr.resume();
    await until('the count', () => events.length > 0);
    expect(events).toEqual([{ type: 'messages-dropped', file: 'stderr', count: 1_500 - 1024 }]);
    expect(stderr.text).toHaveLength(1024 * 1024);
  });

  test('go to stdout once when stderr has closed', async () => {
    const { outputs, stdout, stderr, events } = setUp();
    stderr.destroy(Object.assign(new Error('gone'), { code: 'EPIPE' }));
    await until('it to be noticed', () => events.length > 0);
    expect(events).toEqual([{ type: 'output-closed', file: 'stderr', reason: 'EPIPE' }]);
    outputs.writeMessage('first');
    outputs.writeMessage('second');
    expect(stdout.text).toBe('first\n');
  });

  test('are discarded when there is no reader at all', async () => {
    const { outputs, stdout, stderr, events } = setUp();
    for (const stream of [stdout, stderr]) stream.destroy();
    await until('both to be noticed', () => events.length === 2);
    outputs.writeMessage('nobody hears this');
    expect(await outputs.flush(10_000)).toBe(true);
  });
});

describe('how stdout and stderr of an instance are opened', () => {
  test.each([
    [{ type: 'prefix' }, false, ['pipe', 'pipe']],
    [{ type: 'file', file: '/dev/null', maxSizeBytes: null, maxFiles: 1 }, false, ['pipe', 'pipe']],
    [{ type: 'ignore' }, false, ['ignore', 'ignore']],
    [{ type: 'ignore' }, true, ['pipe', 'pipe']],
    [{ type: 'inherit' }, true, ['pipe', 'pipe']],
  ] as const)('%j, lines needed: %j', async (output, needsLines, stdio) => {
    const instance = setUp().outputs.open({ ...PREFIX, output, needsLines });
    expect(instance.stdio).toEqual(stdio);
    await instance.release(0);
  });
});
