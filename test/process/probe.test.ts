import { describe, expect, onTestFinished, test } from 'vitest';
import type { InstanceSpec } from '../../src/config/instance.ts';
import { probe, type ReadinessSources } from '../../src/process/probe.ts';
import { HealthCheck } from '../support/health.ts';
import { until } from '../support/until.ts';
import { instanceSpec, NOBODY } from './instance-spec.ts';

/** An instance that says what the test wants it to say. */
class Speaker implements ReadinessSources {
  readonly #lines = new Set<(line: string) => void>();
  readonly #notes = new Set<(text: string) => void>();

  get isHeard(): boolean {
    return this.#lines.size + this.#notes.size > 0;
  }

  line(text: string): void {
    for (const callback of this.#lines) callback(text);
  }

  note(text: string): void {
    for (const callback of this.#notes) callback(text);
  }

  onLine(callback: (line: string) => void, until: AbortSignal): void {
    this.#lines.add(callback);
    until.addEventListener('abort', () => this.#lines.delete(callback));
  }

  onNotify(callback: (text: string) => void, until: AbortSignal): void {
    this.#notes.add(callback);
    until.addEventListener('abort', () => this.#notes.delete(callback));
  }
}

type Wanted = NonNullable<InstanceSpec['ready']>;
type Loose<T> = T extends Wanted ? Omit<T, 'intervalMs' | 'timeoutMs'> & Partial<Wanted> : never;

function probed(ready: Loose<Wanted> | null) {
  const speaker = new Speaker();
  const calls: string[] = [];
  const spec = ready === null ? null : { intervalMs: 5, timeoutMs: 20_000, ...ready };
  const probing = new AbortController();
  const events = {
    ready: () => calls.push('ready'),
    timedOut: (reason: string) => calls.push(reason),
  };
  probe(instanceSpec({ ready: spec }), NOBODY, speaker, events, probing.signal);
  const end = (): void => {
    probing.abort();
  };
  onTestFinished(end);
  return { speaker, calls, end, called: () => until('a call', () => calls[0]) };
}

test('without a check it is ready at once', () => {
  expect(probed(null).calls).toEqual(['ready']);
});

describe('output', () => {
  test('a line that matches', async () => {
    const { speaker, calls, called } = probed({ type: 'output', pattern: '^up \\d+$' });
    speaker.line('up');
    speaker.line('going up 5');
    expect(calls).toEqual([]);
    speaker.line('up 5');
    speaker.line('up 6');
    expect(await called()).toBe('ready');
    expect(calls).toEqual(['ready']);
    expect(speaker.isHeard).toBe(false);
  });

  test('in time, or else the reason names the pattern', async () => {
    const { speaker, called } = probed({ type: 'output', pattern: 'up', timeoutMs: 10 });
    expect(await called()).toBe('not ready within 10ms: no line of its output matched /up/');
    expect(speaker.isHeard).toBe(false);
  });
});

describe('notify', () => {
  test.each([
    ['a newline', ['\n']],
    ['READY=1', ['READY=1']],
    ['READY=1 in pieces', ['x', 'REA', 'DY', '=1']],
    ['a newline after a long text', ['x'.repeat(100), 'y\n']],
  ])('%s', (_what, texts) => {
    const { speaker, calls } = probed({ type: 'notify' });
    for (const text of texts.slice(0, -1)) speaker.note(text);
    expect(calls).toEqual([]);
    speaker.note(texts.at(-1) ?? '');
    speaker.note('\n');
    expect(calls).toEqual(['ready']);
  });

  test.each(['READY=0', 'ready=1', 'READY', 'STATUS=READY'])('%s is not enough', (text) => {
    const { speaker, calls } = probed({ type: 'notify' });
    speaker.note(text);
    expect(calls).toEqual([]);
  });
});

describe('a check that is tried again and again', () => {
  test('http, until it is well', async () => {
    const health = await HealthCheck.open();
    const { calls, called } = probed({ type: 'http', url: health.url.replace('%alt', 'a') });
    await health.asked('a', 3);
    expect(calls).toEqual([]);
    health.answer('a', 200);
    expect(await called()).toBe('ready');
  });

  test('the reason says what the last try met', async () => {
    const health = await HealthCheck.open();
    const url = health.url.replace('%alt', 'a');
    health.answer('a', 404);
    const { called } = probed({ type: 'http', url, timeoutMs: 300 });
    expect(await called()).toBe(`not ready within 300ms: ${url} answered 404`);
  });

  test('tcp', async () => {
    const health = await HealthCheck.open();
    const { called } = probed({ type: 'tcp', address: new URL(health.url).host });
    expect(await called()).toBe('ready');
  });

  test('exec, and what it said first is part of the reason', async () => {
    expect(await probed({ type: 'exec', command: ['true'] }).called()).toBe('ready');
    const command = ['sh', '-c', 'echo; echo first >&2; echo second >&2; exit 2'];
    const { called } = probed({ type: 'exec', command, timeoutMs: 1_000 });
    expect(await called()).toBe(`not ready within 1s: ${command.join(' ')}: exit code 2: first`);
  });

  test('it ends without a call when it is told to', async () => {
    const health = await HealthCheck.open();
    const url = health.url.replace('%alt', 'a');
    const first = probed({ type: 'http', url });
    await health.asked('a');
    first.end();
    health.answer('a', 200);
    // Another one that begins later and comes to its end.
    expect(await probed({ type: 'http', url }).called()).toBe('ready');
    expect(first.calls).toEqual([]);
  });
});
