import { expect, test } from 'vitest';
import { readServerStates } from '../../src/routing/haproxy-state.ts';

const HEADER = '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight';

/** As HAProxy 2.6 prints it, without the columns at the end. */
function stateOf(admin: number | string, operational = 2): boolean | undefined {
  return readServerStates(`1\n${HEADER}\n3 api 1 api-a 127.0.0.1 ${operational} ${admin} 1`)?.get('api-a');
}

test.each([
  ['ready', 0x00, true],
  ['maint', 0x01, false],
  ['drain', 0x08, false],
  ['maint, from `disabled` of the configuration', 0x01 | 0x04, false],
  ['ready, after `disabled` of the configuration', 0x04, true],
  ['drain, after `disabled` of the configuration', 0x04 | 0x08, false],
  ['maint and drain by a tracked server', 0x02 | 0x10, true],
  ['an address that cannot be resolved', 0x20, true],
  ['a name set over the socket', 0x40, true],
])('%s', (_name, admin, letIn) => {
  expect(stateOf(admin)).toBe(letIn);
});

test('a server that fails its health checks is let in', () => {
  expect(stateOf(0, 0)).toBe(true);
});

test('the columns are found by their names', () => {
  const text = '1\n# srv_admin_state be_name more srv_name\n8 api x api-a\n0 api x api-b';
  expect([...(readServerStates(text) ?? [])]).toEqual([
    ['api-a', false],
    ['api-b', true],
  ]);
});

test('a backend without servers', () => {
  expect(readServerStates(`1\n${HEADER}`)?.size).toBe(0);
});

test.each([
  ['', ''],
  ['words', "Can't find backend."],
  ['another format', `2\n${HEADER}`],
  ['other columns', '1\n# be_id be_name\n3 api'],
  ['a line that is too short', `1\n${HEADER}\n3 api`],
  ['a state that is no number', `1\n${HEADER}\n3 api 1 api-a 127.0.0.1 2 x 1`],
])('not the state of servers: %s', (_name, text) => {
  expect(readServerStates(text)).toBeNull();
});
