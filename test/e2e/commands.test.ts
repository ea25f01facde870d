import { describe, expect, test } from 'vitest';
import { Alternate } from '../support/alternate.ts';
import { Stage } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { wire } from '../support/wire.ts';
import { edge, fragile, manager, said, web } from '../support/clients.ts';

describe('rotate', () => {
  test('waits, and says how it went in one line', async () => {
    const { client, theatre } = await manager({ web, fragile });
    expect(await client('rotate', 'web')).toMatchObject(said(0, /web: rotated a -> b in \d+m?s/));
    expect(await theatre.service('web')).toMatchObject({ rotations: { completed: 1 } });
    expect(await client('rotate', 'fragile')).toMatchObject(
      said(
        1,
        /fragile: the rotation a -> b failed after \d+m?s: the instance exited with code 1; a keeps serving/,
      ),
    );
    const json = await client('rotate', 'web', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      service: 'web',
      outcome: 'completed',
      from: 'b',
      to: 'a',
    });
  });

  test('several, all, the only one, and not at all without a choice', async () => {
    const { client, theatre } = await manager({ web, other: web });
    const both = await client('rotate', 'web', 'other');
    expect(both.code).toBe(0);
    expect(both.stderr.trimEnd().split('\n').sort()).toEqual([
      expect.stringMatching(/^other: rotated a -> b /),
      expect.stringMatching(/^web: rotated a -> b /),
    ]);
    expect(await client('rotate', '--all')).toMatchObject({ code: 0 });
    expect(await theatre.service('other')).toMatchObject({ rotations: { completed: 2 } });
    expect(await client('rotate')).toMatchObject(
      said(2, /alternate: give a service or --all\. The services are: web, other/),
    );
    expect(await client('rotate', 'web', '--all')).toMatchObject({ code: 2 });
    expect(await client('rotate', 'web', 'wob')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no service "wob". The services are: web, other') as unknown,
    });
    theatre.configure({ web });
    await client('reload');
    expect(await client('rotate')).toMatchObject(said(0, /web: rotated .*/));
  });

  test('--no-wait returns at once', async () => {
    const { client, theatre } = await manager({ web: { ...web, overlap: '1h' } });
    expect(await client('rotate', '--no-wait', 'web')).toMatchObject(said(0, /web: rotation requested/));
    await theatre.service('web', ({ next }) => next?.parameter === 'b');
  });
});

describe('the other commands', () => {
  test('signal: SIGUSR1 rotates, others reach the current instance', async () => {
    const { client, theatre } = await manager({ web: { ...web, command: Stage.command() } });
    const a = await theatre.puppet('a');
    expect(await client('signal', 'web', 'hup')).toMatchObject(said(0, /web: SIGHUP accepted/));
    await until('SIGHUP', () => a.signals.includes('SIGHUP'));
    expect(await client('signal', 'web')).toMatchObject(said(0, /web: SIGUSR1 accepted/));
    await theatre.service('web', ({ rotations }) => rotations.completed === 1);
    expect(await client('signal', 'web', 'SIGHUB')).toMatchObject(
      said(2, /alternate: there is no signal "SIGHUB" on this system \(did you mean SIGHUP\?\)/),
    );
    expect(await client('signal', 'wob')).toMatchObject(
      said(1, /alternate: there is no service "wob"\. The services are: web/),
    );
  });

  test('stop, start and restart', async () => {
    const { client, theatre } = await manager({ web, edge });
    const pid = async (): Promise<number | null | undefined> => (await theatre.service('edge')).current?.pid;
    const first = await pid();
    expect(await client('restart', 'edge')).toMatchObject(said(0, /edge: running/));
    expect(await pid()).not.toBe(first);
    const stopped = await client('stop', 'web', 'edge');
    expect(stopped).toMatchObject({ code: 0, stdout: '' });
    expect(stopped.stderr.trimEnd().split('\n').sort()).toEqual(['edge: stopped', 'web: stopped']);
    expect(await client('rotate', 'web')).toMatchObject(said(1, /web: not rotated: .*stopped.*/));
    expect(await client('start', 'web')).toMatchObject(said(0, /web: running/));
    expect(await client('start', 'wob')).toMatchObject(said(1, /.*"wob"\. The services are: web, edge/));
    expect(await theatre.service('edge')).toMatchObject({ state: 'stopped' });
  });

  test('start of a service that does not come up: exit 1', async () => {
    const { client, theatre } = await manager({ web, edge: { ...edge, restart: { delay: '1h' } } });
    await client('stop', 'edge');
    theatre.configure({
      web,
      edge: { command: ['sh', '-c', 'sleep 0.2; exit 7'], ready: { output: 'never' } },
    });
    await client('reload');
    const started = await client('start', 'edge');
    expect(started.code).toBe(1);
    expect(started.stderr).toMatch(/^edge: /);
  });

  test('reload: what was done; refused whole with 2', async () => {
    const { client, theatre } = await manager({ web, other: web, edge });
    theatre.configure({ web: { ...web, overlap: '1ms' }, other: { ...web, env: { A: '1' } }, third: edge });
    expect(await client('reload')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'third: added\nedge: removed\nother: changed\nweb: settings applied without a restart\n',
    });
    expect(JSON.parse((await client('reload', '--json')).stdout)).toEqual({
      added: [],
      removed: [],
      changed: [],
      applied: [],
      unchanged: ['web', 'other', 'third'],
      failed: [],
    });
    theatre.write(
      'alternate.config.yaml',
      'control: {socket: control.sock}\nservices: {web: {command: x, overlp: 1s}}',
    );
    const refused = await client('reload');
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(
      /^the new configuration is refused\. Nothing has changed:\n.*:2:\d+.*overlp/,
    );
  });

  test('events: a line each, or JSON; ends with 0 when the manager goes', async () => {
    const { theatre, alternate } = await manager({ web });
    const lines = new Alternate(['events'], { cwd: theatre.folder });
    const json = new Alternate(['events', '--json'], { cwd: theatre.folder });
    // The first event that both have seen shows that they follow.
    await until('both follow', async () => {
      await theatre.rotate('web');
      return lines.stdout !== '' && json.stdout !== '';
    });
    await alternate.stop();
    const ended = await until('the end of events', lines.ended);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toMatch(/^\d{4}-\S+Z web: rotat/m);
    const ofJson = await until('the end of events', json.ended);
    expect(ofJson).toMatchObject({ code: 0, stderr: '' });
    const events = ofJson.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['manager-stopping', 'instance-exited']),
    );
  });

  test('a reader that goes away ends the output quietly', async () => {
    const { theatre, socket } = await manager({ web });
    const piped = new Alternate([], {
      cwd: theatre.folder,
      through: ['sh', '-c', '"$0" events --json | head -n 1'],
    });
    await until('the pipe has ended', async () => {
      await theatre.rotate('web');
      return piped.child.exitCode !== null;
    });
    const ended = await piped.ended;
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout.split('\n')).toHaveLength(2);
    expect((await wire(socket, 'GET', '/v1/status')).status).toBe(200);
  });

  test('shutdown waits until everything has stopped', async () => {
    const { alternate, client, theatre } = await manager({ web });
    const { current } = await theatre.running('web');
    expect(await client('shutdown')).toMatchObject(said(0, /everything has stopped/));
    expect(() => process.kill(current?.pid ?? 0, 0)).toThrow();
    expect(await until('the end', alternate.ended)).toMatchObject({ code: 0 });
  });
});
