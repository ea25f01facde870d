import { expect, test } from 'vitest';
import { errorMessageOf, noManager } from '../../../src/cli/client/connect.ts';

test.each([
  [
    'ENOENT',
    'alternate: no manager is running: there is no socket /s. To start a manager: alternate --config FILE',
  ],
  [
    'ECONNREFUSED',
    'alternate: no manager is running: the one that created /s has ended. To start a manager: alternate --config FILE',
  ],
  ['EACCES', 'alternate: you have no permission to use /s. It belongs to the user who runs the manager'],
  ['ECONNRESET', 'alternate: the manager on /s did not answer: socket hang up'],
])('%s: %s', (code, message) => {
  expect(noManager('/s', code, 'socket hang up')).toBe(message);
});

test('an error of the manager is told in its own words', () => {
  expect(errorMessageOf({ ok: true, status: 200, body: { error: { message: 'not one' } } })).toBeNull();
  expect(
    errorMessageOf({
      ok: true,
      status: 409,
      body: { error: { code: 'conflict', message: 'it is stopped' } },
    }),
  ).toBe('it is stopped');
  for (const body of [null, 'text', { error: null }, {}])
    expect(errorMessageOf({ ok: true, status: 500, body })).toBe('the manager answered with status 500');
});
