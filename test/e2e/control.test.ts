import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { RawService } from '../../src/config/schema/generated/raw.ts';
import { Stage } from '../support/stage.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';
import { wire, type Answer, type Asking } from '../support/wire.ts';

const parameters: [string, string] = ['a', 'b'];
const web: RawService = { command: 'sleep 300', parameters, overlap: 0 };
const edge: RawService = { command: 'sleep 300' };
const puppet: RawService = { command: Stage.command(), parameters, overlap: 0 };

type Ask = (method: string, target: string, asking?: Asking) => Promise<Answer>;

async function manager(services: Record<string, RawService>) {
  const theatre = await Theatre.started(services);
  const { alternate, socket } = theatre;
  const ask: Ask = (method, target, asking) => wire(socket, method, target, asking);
  return { theatre, alternate, socket, ask };
}

const errorOf = ({ status, body }: Answer): unknown => ({
  status,
  code: (body as { error?: { code?: unknown } } | undefined)?.error?.code,
});

describe('what can be asked for', () => {
  test('a rotation: the outcome with wait, 202 at once without', async () => {
    const { theatre, ask } = await manager({ web });
    expect(await ask('POST', '/v1/services/web/rotate?wait=true')).toMatchObject({
      status: 200,
      body: {
        service: 'web',
        outcome: 'completed',
        from: 'a',
        to: 'b',
        durationMs: expect.any(Number) as number,
      },
    });
    expect(await ask('POST', '/v1/services/web/rotate')).toMatchObject({
      status: 202,
      body: { accepted: true },
    });
    await theatre.service('web', ({ rotations }) => rotations.completed === 2);
  });

  test('the outcome of a rotation that fails has a reason', async () => {
    const { theatre, ask } = await manager({ web: { ...puppet, overlap: '1h' } });
    const answer = ask('POST', '/v1/services/web/rotate?wait=true');
    (await theatre.puppet('b')).tell('exit', { code: 4 });
    const { status, body } = await answer;
    expect(status).toBe(200);
    expect(body).toStrictEqual({
      service: 'web',
      outcome: 'failed',
      from: 'a',
      to: 'b',
      reason: 'the instance exited with code 4',
      durationMs: expect.any(Number) as number,
    });
  });

  test('a signal: SIGUSR1 rotates that service alone, any other reaches its current instance', async () => {
    const { theatre, ask } = await manager({ web: puppet, other: web });
    const a = await theatre.puppet('a');
    const hup = await ask('POST', '/v1/services/web/signal', { body: '{"signal":"SIGHUP"}' });
    expect(hup).toMatchObject({ status: 202, body: { accepted: true } });
    await until('SIGHUP', () => a.signals.includes('SIGHUP'));
    await ask('POST', '/v1/services/web/signal', { body: '{"signal":"usr2"}' });
    await until('SIGUSR2', () => a.signals.includes('SIGUSR2'));
    expect(a.signals).toEqual(['SIGHUP', 'SIGUSR2']);
    const usr1 = await ask('POST', '/v1/services/web/signal', { body: '{"signal":"SIGUSR1"}' });
    expect(usr1).toMatchObject({ status: 202, body: { accepted: true } });
    await theatre.service('web', ({ rotations }) => rotations.completed === 1);
    expect(a.signals).not.toContain('SIGUSR1');
    expect(await theatre.service('other')).toMatchObject({ rotations: { completed: 0 } });
  });

  test('stop, start and restart answer with the part of the service once it is done', async () => {
    const { theatre, ask } = await manager({ web });
    const { current } = await theatre.running('web');
    const restarted = await ask('POST', '/v1/services/web/restart');
    expect(restarted).toMatchObject({ status: 200, body: { name: 'web', state: 'running' } });
    expect(restarted.body).toMatchObject({ current: { parameter: 'a' }, restarts: 0 });
    expect(restarted.body).not.toMatchObject({ current: { pid: current?.pid } });
    expect(await ask('POST', '/v1/services/web/stop')).toMatchObject({
      status: 200,
      body: { name: 'web', state: 'stopped', current: null, retiring: [] },
    });
    for (const action of ['rotate', 'rotate?wait=true', 'signal'])
      expect(errorOf(await ask('POST', `/v1/services/web/${action}`))).toEqual({
        status: 409,
        code: 'conflict',
      });
    const hup = await ask('POST', '/v1/services/web/signal', { body: '{"signal":"SIGHUP"}' });
    expect(hup.status).toBe(409);
    expect(await ask('POST', '/v1/services/web/start')).toMatchObject({
      status: 200,
      body: { name: 'web', state: 'running', current: { state: 'ready' } },
    });
  });

  test('a reload: what was done, or every error with 422', async () => {
    const { theatre, ask } = await manager({ web, edge });
    theatre.configure({ web: { ...web, env: { NEW: '1' } }, third: web });
    expect(await ask('POST', '/v1/reload')).toMatchObject({
      status: 200,
      body: { added: ['third'], removed: ['edge'], changed: ['web'], applied: [], unchanged: [], failed: [] },
    });
    theatre.write('alternate.config.yaml', 'services: { web: { comand: x, overlap: 5 } }');
    const refused = await ask('POST', '/v1/reload');
    expect(refused.status).toBe(422);
    const { errors } = refused.body as { errors: string[] };
    expect(errors.length).toBeGreaterThanOrEqual(2);
    for (const error of errors) expect(error).toContain('alternate.config.yaml:1:');
  });

  test('a shutdown: 202, then the manager ends with 0 and the socket is gone', async () => {
    const { alternate, ask, socket } = await manager({ web });
    expect(await ask('POST', '/v1/shutdown')).toMatchObject({ status: 202 });
    expect(await until('the end', alternate.ended)).toMatchObject({ code: 0 });
    expect(existsSync(socket)).toBe(false);
  });
});

test('what is refused, and how', async () => {
  const { ask, theatre } = await manager({ web, edge });
  const post = (target: string, body: string): Promise<Answer> => ask('POST', target, { body });
  const cases: [Promise<Answer>, number, string][] = [
    [post('/v1/services/web/signal', '{"signal":'), 400, 'bad-json'],
    [post('/v1/services/web/signal', '"SIGUSR1"'), 400, 'bad-json'],
    [post('/v1/services/web/signal', '{"signal":"SIGFOO"}'), 422, 'unknown-signal'],
    [post('/v1/services/web/signal', '{"signal":15}'), 422, 'unknown-signal'],
    [post('/v1/services/web/signal', '{"signal":"'.padEnd(1_000_000, 'x')), 413, 'too-large'],
    [ask('GET', '/v1/services/wob'), 404, 'unknown-service'],
    [post('/v1/services/wob/rotate', ''), 404, 'unknown-service'],
    [ask('GET', '/'), 404, 'not-found'],
    [ask('GET', '/v2/status'), 404, 'not-found'],
    [ask('GET', '/v1/status/'), 404, 'not-found'],
    [post('/v1/services/web/explode', ''), 404, 'not-found'],
    [ask('GET', '/v1/services/%E0%A4%A'), 400, 'bad-target'],
    [ask('DELETE', '/v1/status'), 405, 'method-not-allowed'],
    [ask('GET', '/v1/services/web/rotate?wait=true'), 405, 'method-not-allowed'],
    [ask('GET', '/v1/shutdown'), 405, 'method-not-allowed'],
    [ask('GET', '/v1/status', { headers: { Origin: 'http://localhost' } }), 403, 'web-page'],
    [ask('GET', '/v1/status', { headers: { 'Sec-Fetch-Site': 'same-origin' } }), 403, 'web-page'],
    [ask('GET', '/v1/status', { headers: { Host: 'evil.example' } }), 403, 'foreign-host'],
    [ask('POST', '/v1/shutdown', { headers: { Origin: 'null' } }), 403, 'web-page'],
  ];
  for (const [answer, status, code] of cases) {
    expect(errorOf(await answer)).toEqual({ status, code });
    const { error } = (await answer).body as { error: Record<string, unknown> };
    expect(Object.keys(error)).toEqual(['code', 'message']);
  }
  expect((await ask('GET', '/v1/services/wob')).text).toContain('The services are: web, edge');
  expect((await ask('DELETE', '/v1/status')).headers['allow']).toBe('GET');
  expect((await ask('GET', '/v1/reload')).headers['allow']).toBe('POST');
  expect(await theatre.service('web')).toMatchObject({
    state: 'running',
    rotations: { completed: 0, failed: 0 },
  });
});
