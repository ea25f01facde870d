import { expect, test } from 'vitest';
import { sentenceOf } from '../../src/report/sentence.ts';
import type { ServiceReport } from '../../src/api/event.ts';
import { MANAGER_REPORTS, of, ofManager, ONE_OF_EACH, SERVICE_REPORTS } from './events.ts';

const say = (fact: ServiceReport): string => {
  const { level, text } = sentenceOf(of(fact));
  return `${level}: ${text}`;
};

test('each has a sentence of its own', () => {
  const sentences = ONE_OF_EACH.map((event) => sentenceOf(event));
  expect(new Set(sentences.map(({ text }) => text)).size).toBe(ONE_OF_EACH.length);
  for (const { text } of sentences) expect(text).not.toMatch(/^\s|\s$| {2}|undefined|null|NaN|\[object/);
});

test('what happens to a service', () => {
  expect(Object.values(SERVICE_REPORTS).map(say)).toEqual([
    'info: rotating 3000 -> 3001',
    'info: rotation request kept: one more rotation follows',
    'warn: rotation refused: the service is stopped',
    'info: left alone by a rotation of all services: onRotate is none',
    'info: rotated 3000 -> 3001 in 15.05s',
    'error: rotation 3000 -> 3001 failed: no; 3000 (pid 4711) keeps serving',
    'error: the new configuration of this service failed. The previous one stays in force. Fix the file, then reload again',
    'info: waiting for 3000 (pid 4711), which still uses the parameter',
    'info: started 3000 (pid 4711)',
    'warn: found 3000 (pid 4711), which a killed manager left behind. It is replaced',
    'error: cannot start 3000: there is no program x in PATH',
    'info: 3000 (pid 4711) is ready after 1.234s',
    'warn: 3000 (pid 4711) is not ready within 30s',
    'info: listens on 127.0.0.1:8080; the kernel limits the backlog of 511 to 128 (net.core.somaxconn)',
    'info: requests go to 3001',
    'error: requests cannot be routed to 3001: HAProxy does not answer',
    'warn: the route is lost: run/api/3001 is gone. alternate tries to restore it',
    'info: the route is restored',
    'info: overlap of 15s',
    'info: stopping 3000 (pid 4711) (SIGTERM, KILL in 30s)',
    'warn: killed the process group of 3000 (pid 4711): it did not stop within 30s',
    'info: 3000 (pid 4711) exited (code 0)',
    'info: sent SIGHUP to 3000 (pid 4711)',
    'debug: running the hook beforeStart',
    'warn: the hook beforeStop failed: exit code 1',
    'warn: starting 3000 again in 500ms (consecutive restart 3)',
    'info: running on 3000 (pid 4711)',
    'info: stopped',
    'error: failed: 10 consecutive restarts. A rotation, start or reload tries again',
    'warn: watching by polling, which is slower: the limit of watches is reached',
  ]);
});

test('without parameters, nothing is said of them', () => {
  const none = { parameter: null, pid: 4711 };
  expect([
    say({ type: 'rotation-started', from: null, to: null }),
    say({ type: 'rotation-completed', from: null, to: null, durationMs: 20 }),
    say({ type: 'rotation-failed', from: null, to: null, reason: 'no', durationMs: 20, current: null }),
    say({ type: 'launch-failed', parameter: null, reason: 'no' }),
    say({ ...SERVICE_REPORTS['restart-delayed'], parameter: null, delayMs: 0 }),
    say({ ...SERVICE_REPORTS['instance-stopping'], ...none, killAfterMs: null }),
    say({ ...SERVICE_REPORTS['instance-killed'], ...none, afterMs: null }),
    say({ ...SERVICE_REPORTS['instance-ready'], ...none, afterMs: 0.2 }),
  ]).toEqual([
    'info: rotating',
    'info: rotated in 20ms',
    'error: rotation failed: no',
    'error: cannot start the command: no',
    'info: starting the command again',
    'info: stopping pid 4711 (SIGTERM)',
    'warn: killed the process group of pid 4711',
    'info: pid 4711 is ready after 0s',
  ]);
});

test('an exit nobody asked for is a warning, and says whom it left behind', () => {
  const exited = { ...SERVICE_REPORTS['instance-exited'], expected: false };
  expect(say({ ...exited, exit: { signal: 'SIGSEGV' } })).toBe('warn: 3000 (pid 4711) exited (SIGSEGV)');
  expect(say({ ...exited, leftBehind: true })).toBe(
    'warn: 3000 (pid 4711) exited (code 0); other processes of its group still run, and are stopped',
  );
  expect(say({ ...exited, pid: null })).toContain('3000 (not started)');
});

test('what concerns the manager', () => {
  expect(sentenceOf(ofManager(MANAGER_REPORTS['manager-started'])).text).toBe(
    'manager 1 runs 2 services of /srv/alternate.config.yaml',
  );
  expect(
    sentenceOf(ofManager({ ...MANAGER_REPORTS['manager-started'], services: 1, config: null })).text,
  ).toBe('manager 1 runs 1 service');
  expect(sentenceOf(ofManager(MANAGER_REPORTS['config-reloaded'])).text).toBe(
    'configuration read again: added a, b; unchanged c',
  );
  expect(
    sentenceOf(ofManager({ ...MANAGER_REPORTS['config-reloaded'], added: [], unchanged: [] })).text,
  ).toBe('configuration read again: no services');
  expect(sentenceOf(ofManager(MANAGER_REPORTS['reload-refused']))).toEqual({
    level: 'error',
    text: 'the new configuration is refused. Nothing has changed:\nx.yaml:1:2: one\nx.yaml:3:4: two',
  });
});

test('text from outside begins no line and moves no cursor', () => {
  const reason = 'exit code 1: \u001b[2Jx\nalternate | web: rotated 3000 -> 3001 in 1s';
  for (const fact of Object.values(SERVICE_REPORTS)) {
    const hostile = 'reason' in fact ? { ...fact, reason } : fact;

    expect(sentenceOf(of(hostile)).text).not.toMatch(/[\u0000-\u001f]/);
  }
  expect(say({ ...SERVICE_REPORTS['hook-failed'], reason })).toBe(
    String.raw`warn: the hook beforeStop failed: exit code 1: \x1b[2Jx\nalternate | web: rotated 3000 -> 3001 in 1s`,
  );
  const refused = { ...MANAGER_REPORTS['reload-refused'], errors: ['a: \u001b[2J', 'b'] };
  expect(sentenceOf(ofManager(refused)).text).toContain('\na: \\x1b[2J\nb');
});
