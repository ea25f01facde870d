import path from 'node:path';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import type { RawService } from '../../src/config/schema/generated/raw.ts';
import { Stage } from '../support/stage.ts';
import { Theatre } from '../support/theatre.ts';
import { RawConnection, wire, type Answer, type Asking } from '../support/wire.ts';

const parameters: [string, string] = ['a', 'b'];
const web: RawService = { command: 'sleep 300', parameters, overlap: 0 };
const edge: RawService = { command: 'sleep 300' };
const puppet: RawService = { command: Stage.command(), parameters, overlap: 0 };

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

type Ask = (method: string, target: string, asking?: Asking) => Promise<Answer>;

async function manager(services: Record<string, RawService>) {
  const theatre = await Theatre.started(services);
  const { alternate, socket } = theatre;
  const ask: Ask = (method, target, asking) => wire(socket, method, target, asking);
  return { theatre, alternate, socket, ask };
}

describe('what can be read', () => {
  test('the status document, key by key', async () => {
    const { theatre, alternate, ask } = await manager({ web: puppet, edge });
    const a = await theatre.puppet('a');
    await a.do('ignore', { signal: 'SIGTERM' });
    await theatre.rotate('web');
    const b = await theatre.puppet('b');
    const answer = await ask('GET', '/v1/status');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.body).toStrictEqual({
      version: packageJson.version,
      pid: alternate.pid,
      config: path.join(theatre.folder, 'alternate.config.yaml'),
      startedAt: expect.stringMatching(isoTime) as string,
      services: [
        {
          name: 'web',
          state: 'running',
          current: {
            parameter: 'b',
            pid: b.pid,
            state: 'ready',
            startedAt: expect.stringMatching(isoTime) as string,
          },
          next: null,
          retiring: [
            {
              parameter: 'a',
              pid: a.pid,
              state: 'retiring',
              startedAt: expect.stringMatching(isoTime) as string,
            },
          ],
          pendingRotation: false,
          rotations: { completed: 1, failed: 0 },
          restarts: 0,
          lastRotation: {
            outcome: 'completed',
            from: 'a',
            to: 'b',
            at: expect.stringMatching(isoTime) as string,
          },
          detail: null,
        },
        {
          name: 'edge',
          state: 'running',
          current: {
            parameter: null,
            pid: expect.any(Number) as number,
            state: 'ready',
            startedAt: expect.stringMatching(isoTime) as string,
          },
          next: null,
          retiring: [],
          pendingRotation: false,
          rotations: { completed: 0, failed: 0 },
          restarts: 0,
          lastRotation: null,
          detail: null,
        },
      ],
    });
    a.tell('exit');
  });

  test("a service's part, also while it rotates and after a failure", async () => {
    const { theatre, ask } = await manager({ web: { ...puppet, overlap: '1h' } });
    const rotation = theatre.rotate('web');
    const rotating = await theatre.service('web', ({ next }) => next?.state === 'ready');
    expect((await ask('GET', '/v1/services/web')).body).toStrictEqual(rotating);
    expect(rotating).toMatchObject({
      state: 'rotating',
      current: { parameter: 'a' },
      next: { parameter: 'b' },
    });
    await ask('POST', '/v1/services/web/rotate');
    expect((await ask('GET', '/v1/services/web')).body).toMatchObject({ pendingRotation: true });
    (await theatre.puppet('b')).tell('exit', { code: 4 });
    expect(await rotation).toMatchObject({ outcome: 'failed' });
    expect((await ask('GET', '/v1/services/web')).body).toMatchObject({
      rotations: { completed: 0, failed: 1 },
      lastRotation: { outcome: 'failed', from: 'a', to: 'b', reason: 'the instance exited with code 4' },
    });
  });

  test('events, one JSON object each', async () => {
    const { ask, socket } = await manager({ web });
    const reader = (await RawConnection.open(socket)).write(
      'GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n',
    );
    await reader.receives('\r\n\r\n');
    expect(reader.received).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Type: text\/event-stream\r\n/);
    await ask('POST', '/v1/services/web/rotate?wait=true');
    await reader.receives('"type":"rotation-completed"');
    const events = [...reader.received.matchAll(/^data: (.*)\n\n/gm)].map(
      ([, json = '']) => JSON.parse(json) as Record<string, unknown>,
    );
    expect(events[0]).toStrictEqual({
      at: expect.stringMatching(isoTime) as string,
      service: 'web',
      type: 'rotation-started',
      from: 'a',
      to: 'b',
    });
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining([
        'rotation-started',
        'instance-launched',
        'instance-ready',
        'rotation-completed',
      ]),
    );
  });
});
