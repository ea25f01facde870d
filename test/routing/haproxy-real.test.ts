import { describe, expect, test } from 'vitest';
import { openRouter } from '../../src/routing/open-router.ts';
import { RouteKeeper } from '../../src/routing/keeper.ts';
import { failureOf } from '../support/failure-of.ts';
import { until } from '../support/until.ts';
import { Haproxy, hasHaproxy } from './haproxy-process.ts';
import { byHaproxy, routed, temporaryFolder } from './service.ts';

const WITHIN_MS = 20_000;

function keeperWithDiary(): { keeper: RouteKeeper; said: string[] } {
  const said: string[] = [];
  const keeper = new RouteKeeper({
    tickMs: 100,
    lost: (reason) => said.push(reason),
    restored: () => said.push('restored'),
    leftBehind: (reason) => said.push(`left behind: ${reason}`),
  });
  return { keeper, said };
}

function routerOf(haproxy: Haproxy): ReturnType<typeof openRouter> {
  return openRouter(byHaproxy(haproxy.socket), routed(byHaproxy(haproxy.socket)), []);
}

describe.skipIf(!hasHaproxy)('the real HAProxy (needs haproxy)', () => {
  test('requests go where they are directed to', async () => {
    const haproxy = await new Haproxy(temporaryFolder()).start();
    await haproxy.serve('a', 'b');
    const router = routerOf(haproxy);
    expect(await haproxy.whoAnswers()).toEqual(['a', 'b']);
    for (const to of ['a', 'b', 'a']) {
      expect(failureOf(await router.direct(to, WITHIN_MS))).toBeNull();
      expect(await router.deviation(to, WITHIN_MS)).toBeNull();
      expect(await haproxy.whoAnswers()).toEqual([to]);
    }
    expect(failureOf(await router.withdraw('lost', WITHIN_MS))).toBeNull();
    expect(await haproxy.whoAnswers()).toEqual(['a']);
    expect(failureOf(await router.withdraw('stopped', WITHIN_MS))).toBeNull();
    expect(await haproxy.whoAnswers()).toEqual(['503']);
    expect(failureOf(await router.direct('b', WITHIN_MS))).toBeNull();
    expect(await haproxy.whoAnswers()).toEqual(['b']);
  });

  test('a server that its configuration disables is let in all the same', async () => {
    const haproxy = await new Haproxy(temporaryFolder(), { second: 'disabled' }).start();
    await haproxy.serve('a', 'b');
    const router = routerOf(haproxy);
    expect(await haproxy.whoAnswers()).toEqual(['a']);
    expect(failureOf(await router.direct('b', WITHIN_MS))).toBeNull();
    expect(await router.deviation('b', WITHIN_MS)).toBeNull();
    expect(await haproxy.whoAnswers()).toEqual(['b']);
    expect(failureOf(await router.direct('a', WITHIN_MS))).toBeNull();
    expect(await router.deviation('a', WITHIN_MS)).toBeNull();
    expect(await haproxy.whoAnswers()).toEqual(['a']);
  });

  test('a server that fails its health check is let in: that is not the business of the route', async () => {
    const haproxy = await new Haproxy(temporaryFolder(), { second: 'check inter 100ms fall 1' }).start();
    await haproxy.serve('a');
    const router = routerOf(haproxy);
    expect(failureOf(await router.direct('b', WITHIN_MS))).toBeNull();
    await until('the health check to fail', async () => (await haproxy.whoAnswers()).includes('503'));
    expect(await router.deviation('b', WITHIN_MS)).toBeNull();
  });

  test('a server whose slow health check has not noticed yet that it is back takes requests at once', async () => {
    const haproxy = await new Haproxy(temporaryFolder(), {
      second: 'check inter 1h fastinter 1h downinter 1h fall 1',
    }).start();
    await haproxy.serve('a');
    await until('the only health check to fail', async () => {
      const answers = await haproxy.whoAnswers();
      return answers.length === 1 && answers[0] === 'a';
    });
    await haproxy.serve('b');
    expect(failureOf(await routerOf(haproxy).direct('b', WITHIN_MS))).toBeNull();
    expect(await haproxy.whoAnswers()).toEqual(['b']);
  });

  test('a socket without the right to change anything', async () => {
    const haproxy = await new Haproxy(temporaryFolder(), { level: 'operator' }).start();
    expect(failureOf(await routerOf(haproxy).direct('a', WITHIN_MS))).toBe(
      `HAProxy on ${haproxy.socket} answered "Permission denied" to "set server api/api-a state ready": its "stats socket" needs "level admin"`,
    );
  });

  test('names that it does not have', async () => {
    const haproxy = await new Haproxy(temporaryFolder()).start();
    const direct = async (route: { backend?: string; server?: string }): Promise<string | null> => {
      const whole = { type: 'haproxy', socket: haproxy.socket, backend: 'api', server: 'api-%alt' } as const;
      return failureOf(await openRouter({ ...whole, ...route }, routed(whole), []).direct('a', WITHIN_MS));
    };
    expect(await direct({ backend: 'web' })).toMatch(
      /answered "No such backend\." to "set server web\/api-a/,
    );
    expect(await direct({ server: 'x-%alt' })).toMatch(/answered "No such server\." to "set server api\/x-a/);
  });

  test('a reload of HAProxy in the moment of a switch', async () => {
    const haproxy = await new Haproxy(temporaryFolder()).start('-W');
    await haproxy.serve('a', 'b');
    const { keeper } = keeperWithDiary();
    const service = routed(byHaproxy(haproxy.socket));
    for (const to of ['a', 'b', 'a', 'b']) {
      const reloaded = haproxy.reload();
      expect(failureOf(await keeper.direct(service, to))).toBeNull();
      await reloaded;
      // The worker on its way out may have been told, and the new one lets everybody in: the next look finds that.
      await until(`${to} alone to answer`, async () => (await haproxy.whoAnswers()).join() === to);
    }
    await keeper.close();
  });

  test('the keeper makes the route true again after a restart', async () => {
    const haproxy = new Haproxy(temporaryFolder());
    await haproxy.serve('a', 'b');
    const { keeper, said } = keeperWithDiary();
    const service = routed(byHaproxy(haproxy.socket));
    // It is not up yet: what was asked for is made true when it is.
    expect(failureOf(await keeper.direct(service, 'a'))).toMatch(/ENOENT/);
    await haproxy.start();
    await until('restored', () => said.includes('restored'));
    expect(await haproxy.whoAnswers()).toEqual(['a']);
    said.length = 0;
    await haproxy.kill();
    await haproxy.start();
    await until('restored', () => said.includes('restored'));
    expect(await haproxy.whoAnswers()).toEqual(['a']);
    expect(said).toHaveLength(2);
    expect(failureOf(await keeper.direct(service, 'b'))).toBeNull();
    expect(await haproxy.whoAnswers()).toEqual(['b']);
    await keeper.close();
  });
});
