import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { endpointOf } from '../../src/control/endpoints.ts';
import { fences, page, root } from './pages.ts';

const control = page('docs/control-socket.md');

test('every JSON fence parses, and is a status document with all its keys', () => {
  const documents = fences('json', [control]).map(({ text }) => JSON.parse(text) as Record<string, unknown>);
  expect(documents).toHaveLength(1);
  const [document = {}] = documents;
  expect(Object.keys(document)).toEqual(['version', 'pid', 'config', 'startedAt', 'services']);
  const [service] = document['services'] as [Record<string, unknown>];
  // What report/status makes, which its own test holds to the same list.
  expect(Object.keys(service)).toEqual([
    'name',
    'state',
    'current',
    'next',
    'retiring',
    'pendingRotation',
    'rotations',
    'restarts',
    'lastRotation',
    'detail',
  ]);
  expect(Object.keys(service['current'] as object)).toEqual(['parameter', 'pid', 'state', 'startedAt']);
  expect(Object.keys(service['lastRotation'] as object)).toEqual(['outcome', 'from', 'to', 'reason', 'at']);
});

test('every request of the table has an endpoint', () => {
  const rows = [...control.text.matchAll(/^\| `(GET|POST) ([^`]+)`(.*?)\|/gm)].flatMap(
    ([, method = '', target = '', more = '']) => [
      [method, target] as const,
      ...[...more.matchAll(/`(\/\w+)`/g)].map(
        ([, action = '']) => [method, target.replace(/\/\w+$/, action)] as const,
      ),
    ],
  );
  const endpoints = rows.map(([method, target]) => {
    const matched = endpointOf(method, target);
    if (!matched.ok) throw new Error(`${method} ${target}: ${matched.reason.message}`);
    const endpoint = matched.value;
    return endpoint.type === 'action' ? endpoint.action : endpoint.type;
  });
  expect(endpoints.sort()).toEqual(
    [
      'status',
      'service',
      'signal',
      'rotate',
      'start',
      'stop',
      'restart',
      'reload',
      'shutdown',
      'events',
    ].sort(),
  );
});

test('the types of events are exactly those that there are', () => {
  const source = readFileSync(path.join(root, 'src/api/event.ts'), 'utf8');
  const types = [...source.matchAll(/readonly type: '([a-z-]+)'/g)].map(([, type = '']) => type);
  const section = control.text.slice(control.text.indexOf('\n## Events'));
  const told = [...section.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)].map(([, type = '']) => type);
  expect(new Set(told).size).toBe(told.length);
  expect(told.sort()).toEqual(types.sort());
});
