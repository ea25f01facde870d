import { expect, test } from 'vitest';
import { LEVELS, Log } from '../../src/report/log.ts';
import { painter } from '../../src/report/paint.ts';
import { MANAGER_REPORTS, of, ofManager, SERVICE_REPORTS } from './events.ts';

function logOf(level: (typeof LEVELS)[number], lively = false): { log: Log; lines: string[] } {
  const lines: string[] = [];
  return { log: new Log({ level, paint: painter(lively), write: (text) => lines.push(text) }), lines };
}

test('each line begins with the name of the program, and with that of the service', () => {
  const { log, lines } = logOf('info');
  log.onEvent(of(SERVICE_REPORTS['rotation-started']));
  log.onEvent(ofManager(MANAGER_REPORTS['reload-refused']));
  expect(lines).toEqual([
    'alternate | web: rotating 3000 -> 3001\n',
    'alternate | the new configuration is refused. Nothing has changed:\n',
    'alternate | x.yaml:1:2: one\n',
    'alternate | x.yaml:3:4: two\n',
  ]);
});

test.each(LEVELS.map((level, index) => [level, LEVELS.slice(index)] as const))(
  'from %s on, %j are written',
  (level, written) => {
    const { log, lines } = logOf(level);
    for (const text of LEVELS) log.print({ level: text, text });
    expect(lines).toEqual(written.map((text) => `alternate | ${text}\n`));
  },
);

test('colour marks what matters, only on a terminal', () => {
  const { log, lines } = logOf('debug', true);
  log.print({ level: 'error', text: 'one\ntwo' });
  log.print({ level: 'info', text: 'three' });
  expect(lines).toEqual([
    'alternate | \u001b[31mone\u001b[39m\n',
    'alternate | \u001b[31mtwo\u001b[39m\n',
    'alternate | three\n',
  ]);
});

test('control characters are escaped, line ends of several lines are not', () => {
  const { log, lines } = logOf('info');
  log.print({ level: 'info', text: 'one \u001b[2J\u0007\ntwo' });
  expect(lines).toEqual(['alternate | one \\x1b[2J\\x07\n', 'alternate | two\n']);
});
