import { createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ServiceConfig } from '../../src/config/types.ts';
import { openRouter } from '../../src/routing/open-router.ts';
import type { Router } from '../../src/routing/router.ts';
import { failureOf } from '../support/failure-of.ts';
import { until } from '../support/until.ts';
import { FakeHaproxy } from './fake-haproxy.ts';
import { byHaproxy, routed, temporaryFolder } from './service.ts';

/** Long where an answer is expected, short where none comes. */
const WITHIN_MS = 20_000;
const SHORT_MS = 300;

function routerOf(socket: string, given: Partial<ServiceConfig> = {}, used: string[] = []): Router {
  return openRouter(byHaproxy(socket), routed(byHaproxy(socket), given), used);
}

async function haproxy(): Promise<{ fake: FakeHaproxy; socket: string; router: Router }> {
  const socket = path.join(temporaryFolder(), 's');
  const fake = await new FakeHaproxy(socket).start();
  return { fake, socket, router: routerOf(socket) };
}

describe('directing', () => {
  test('lets the new one in, then the other out, then looks', async () => {
    const { fake, router } = await haproxy();
    expect(failureOf(await router.direct('b', WITHIN_MS))).toBeNull();
    expect(fake.letIn).toEqual(['api-b']);
    expect(fake.commands).toEqual([
      'set server api/api-b state ready',
      'set server api/api-b health up',
      'set server api/api-a state drain',
      'show servers state api',
    ]);
  });

  test.each([
    ['tracks the health of another one', 'cannot change health on a tracking server.\n\n'],
    ['has no such check', 'something else\n\n'],
  ])('a server that %s is let in all the same', async (_name, words) => {
    const { fake, router } = await haproxy();
    fake.behave = (command) => (command.endsWith('health up') ? words : fake.answer(command));
    expect(failureOf(await router.direct('b', WITHIN_MS))).toBeNull();
    expect(fake.letIn).toEqual(['api-b']);
  });

  test('lets nobody out where the new one cannot be let in', async () => {
    const { fake, socket, router } = await haproxy();
    fake.servers.delete('api-b');
    expect(failureOf(await router.direct('b', WITHIN_MS))).toBe(
      `HAProxy on ${socket} answered "No such server." to "set server api/api-b state ready": name the same backend and servers in route.haproxy and in the configuration of HAProxy`,
    );
    expect(fake.letIn).toEqual(['api-a']);
  });

  test('says what has been done where the other cannot be let out', async () => {
    const { fake, router } = await haproxy();
    fake.servers.delete('api-a');
    expect(failureOf(await router.direct('b', WITHIN_MS))).toMatch(
      /^HAProxy sends new requests to api-b already, and still to api-a: HAProxy on .* answered "No such server\."/,
    );
  });

  test('lets out what an earlier configuration had, where HAProxy still has it', async () => {
    const { fake, socket } = await haproxy();
    fake.servers.set('api-c', 0);
    expect(failureOf(await routerOf(socket, {}, ['c', 'd']).direct('b', WITHIN_MS))).toBeNull();
    expect(fake.letIn).toEqual(['api-b']);
  });

  test.each([
    ['Permission denied', /needs "level admin"$/],
    ['No such backend.', /: name the same backend and servers in route.haproxy/],
    ['Something that nobody\nhas thought of', /answered "Something that nobody" to "set server [^"]*"$/],
  ])('hands on the words of HAProxy: %s', async (words, reason) => {
    const { fake, router } = await haproxy();
    fake.behave = () => `${words}\n\n`;
    expect(failureOf(await router.direct('a', WITHIN_MS))).toMatch(reason);
    expect(fake.commands).toHaveLength(1);
  });

  test('begins again where HAProxy is replaced between two commands', async () => {
    const { fake, router } = await haproxy();
    let replaced = false;
    fake.behave = (command) => {
      if (command.startsWith('show') && !replaced) {
        replaced = true;
        fake.forget();
      }
      return fake.answer(command);
    };
    expect(failureOf(await router.direct('a', WITHIN_MS))).toBeNull();
    expect(fake.letIn).toEqual(['api-a']);
    expect(fake.commands).toHaveLength(8);
  });

  test('waits for a HAProxy that is being restarted', async () => {
    const { fake, router } = await haproxy();
    await fake.stop();
    const directed = router.direct('b', WITHIN_MS);
    await fake.start();
    expect(failureOf(await directed)).toBeNull();
    expect(fake.letIn).toEqual(['api-b']);
  });

  test.each([
    ['closes at once', ''],
    ['is cut off', '1\n# be_id'],
    ['is about to be replaced', 'Proxy is disabled.\n\n'],
  ])('asks again where the one that answers %s', async (_name, text) => {
    const { fake, router } = await haproxy();
    let left = 2;
    fake.behave = (command) => (left-- > 0 ? text : fake.answer(command));
    expect(failureOf(await router.direct('b', WITHIN_MS))).toBeNull();
    expect(fake.letIn).toEqual(['api-b']);
  });
});

describe('somebody who does not behave', () => {
  test('nobody is there', async () => {
    const socket = path.join(temporaryFolder(), 's');
    expect(failureOf(await routerOf(socket).direct('a', SHORT_MS))).toBe(
      `HAProxy does not answer on ${socket} (ENOENT): does it run, with "stats socket ${socket} level admin" in its configuration?`,
    );
  });

  test('silence', async () => {
    const { fake, socket, router } = await haproxy();
    fake.behave = () => null;
    expect(failureOf(await router.direct('a', SHORT_MS))).toMatch(
      new RegExp(`^HAProxy does not answer on ${socket} \\(ETIMEDOUT, after \\d+ms\\)`),
    );
    await until('the connection to be closed', () => fake.connections === 0);
    expect(await router.deviation('a', SHORT_MS)).toMatchObject({ fixable: false });
    expect(failureOf(await router.withdraw('stopped', SHORT_MS))).toMatch(/ETIMEDOUT/);
    expect(await router.place(SHORT_MS)).toBeNull();
  });

  test('an answer that drips does not hold it longer', async () => {
    const { fake, router } = await haproxy();
    fake.behave = (_command, socket) => {
      const drip = setInterval(() => socket.write('x'), 10);
      socket.once('close', () => {
        clearInterval(drip);
      });
      return null;
    };
    expect(failureOf(await router.direct('a', SHORT_MS))).toMatch(/ETIMEDOUT/);
  });

  test('a connection that is always closed at once', async () => {
    const { fake, router } = await haproxy();
    fake.behave = () => '';
    expect(failureOf(await router.direct('a', SHORT_MS))).toMatch(/was closed without an answer/);
    expect(fake.commands.length).toBeGreaterThan(1);
  });

  test('garbage', async () => {
    const { fake, router } = await haproxy();
    fake.behave = () => 'HTTP/1.1 400 Bad Request\r\n\u0007';
    expect(failureOf(await router.direct('a', SHORT_MS))).toMatch(
      /was closed after "HTTP\/1\.1 400 Bad Request\\r\\n\\u0007"/,
    );
  });

  test('an answer without an end', async () => {
    const { fake, router } = await haproxy();
    const chunk = Buffer.alloc(2 ** 20, 'x');
    fake.behave = (_command, socket) => {
      const pour = (): void => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', pour);
      pour();
      return null;
    };
    expect(failureOf(await router.direct('a', WITHIN_MS))).toMatch(/the answer on .* does not end/);
  });

  test('"done" to a question', async () => {
    const { fake, router } = await haproxy();
    fake.behave = () => '\n';
    expect(failureOf(await router.direct('a', WITHIN_MS))).toMatch(/answered "" to "show servers state api"/);
  });

  test('a path that is too long for a socket', async () => {
    const reason = failureOf(await routerOf(`/tmp/${'x'.repeat(120)}`).direct('a', WITHIN_MS));
    expect(reason).toMatch(/is too long: 125 bytes, at most 10[37]$/);
  });

  test('a socket that hears nobody', async () => {
    const socket = path.join(temporaryFolder(), 's');
    const deaf = createServer();
    await new Promise<void>((resolve) => {
      deaf.listen(socket, resolve);
    });
    onTestFinished(() => {
      deaf.close();
    });
    deaf.on('connection', (connection) => {
      onTestFinished(() => {
        connection.destroy();
      });
    });
    expect(failureOf(await routerOf(socket).direct('a', SHORT_MS))).toMatch(/ETIMEDOUT/);
  });
});

describe('withdrawing', () => {
  test('takes all servers out when the service was stopped', async () => {
    const { fake, router } = await haproxy();
    expect(failureOf(await router.withdraw('stopped', WITHIN_MS))).toBeNull();
    expect([...fake.servers.values()]).toEqual([1, 1]);
  });

  test('goes on with the others where one is refused', async () => {
    const { fake, router } = await haproxy();
    fake.servers.delete('api-a');
    expect(failureOf(await router.withdraw('stopped', WITHIN_MS))).toMatch(/"No such server\."/);
    expect(fake.letIn).toEqual([]);
  });

  test('leaves HAProxy alone when what served is lost', async () => {
    const { fake, router } = await haproxy();
    expect(failureOf(await router.withdraw('lost', WITHIN_MS))).toBeNull();
    expect(fake.commands).toEqual([]);
  });

  test('is done at once where nobody is there, or only a worker on its way out', async () => {
    const { fake, router } = await haproxy();
    fake.behave = () => 'Proxy is disabled.\n\n';
    expect(failureOf(await router.withdraw('stopped', WITHIN_MS))).toBeNull();
    expect(fake.commands).toHaveLength(1);
    await fake.stop();
    expect(failureOf(await router.withdraw('stopped', WITHIN_MS))).toBeNull();
  });
});

describe('looking', () => {
  test('finds who is let in and should not be, and the contrary', async () => {
    const { fake, socket, router } = await haproxy();
    await router.direct('a', WITHIN_MS);
    expect(await router.deviation('a', WITHIN_MS)).toBeNull();
    expect(await router.deviation('b', WITHIN_MS)).toMatchObject({
      reason: expect.stringContaining(`HAProxy on ${socket} sends new requests to api/api-a`) as unknown,
    });
    fake.servers.set('api-a', 8);
    expect(await router.deviation('a', WITHIN_MS)).toMatchObject({
      reason: expect.stringContaining('does not send new requests to api/api-a') as unknown,
      fixable: true,
    });
  });

  test('a missing server takes no requests', async () => {
    const { fake, router } = await haproxy();
    fake.servers.delete('api-b');
    expect(await router.deviation('a', WITHIN_MS)).toBeNull();
    expect(await router.deviation('b', WITHIN_MS)).toMatchObject({ fixable: true });
  });
});

test('two sockets of one process are one place, two processes are not', async () => {
  const [one, other] = [await haproxy(), await haproxy()];
  const place = await one.router.place(WITHIN_MS);
  expect(place).not.toBeNull();
  expect(await other.router.place(WITHIN_MS)).toBe(place);
  other.fake.pid += 1;
  expect(await other.router.place(WITHIN_MS)).not.toBe(place);
});
