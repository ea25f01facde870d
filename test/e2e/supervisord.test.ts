/** Under the real supervisord: a manager that is killed comes back, and nothing is left in two copies. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bin } from '../support/alternate.ts';
import { freePorts } from '../support/ports.ts';
import { processFacts, processGone } from '../support/processes.ts';
import { Stage } from '../support/stage.ts';
import { Theatre } from '../support/theatre.ts';
import { explainTimeouts, until } from '../support/until.ts';
import { ask } from '../../src/control/client.ts';
import type { StatusDocument } from '../../src/api/status-document.ts';

const missing = spawnSync('supervisord', ['--version']).error !== undefined;

/** In the foreground, with nothing outside the theatre's folder. */
function startSupervisord(theatre: Theatre, words: string): void {
  const file = theatre.write(
    'supervisord.conf',
    `[supervisord]
nodaemon=true
logfile=/dev/null
logfile_maxbytes=0
pidfile=${theatre.folder}/supervisord.pid
[program:alternate]
command=${process.execPath} ${bin} ${words}
directory=${theatre.folder}
environment=PUPPET_STAGE="${theatre.stage.socket}"
autorestart=true
startsecs=0
stopwaitsecs=30
redirect_stderr=true
stdout_logfile=${theatre.folder}/alternate.log
`,
  );
  const child = spawn('supervisord', ['-c', file], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  explainTimeouts(() => theatre.read('alternate.log'));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
}

describe.skipIf(missing)(`under supervisord${missing ? ' (not installed)' : ''}`, () => {
  test('KILL to the manager: it comes back, each service has one process, and every port its own instance', async () => {
    const [first = 0, second = 0, alone = 0] = await freePorts(3);
    const theatre = await Theatre.open();
    theatre.configure({
      web: {
        command: Stage.command(),
        parameters: [first, second],
        ready: { tcp: '127.0.0.1:%alt' },
        route: { files: 'run' },
      },
      edge: { command: Stage.command('edge') },
    });
    startSupervisord(theatre, `--config ${path.join(theatre.folder, 'alternate.config.yaml')}`);
    const old = await theatre.puppet(String(first));
    await old.do('listen', { port: first });
    const oldEdge = await theatre.puppet('edge');
    await oldEdge.do('listen', { port: alone });
    const before = await settled(theatre);
    expect(before.services.map(({ current }) => current?.pid)).toEqual([old.pid, oldEdge.pid]);

    // The list for the next manager is written a moment after the status has changed.
    await until('it is listed that the instance serves', () =>
      new RegExp(`"pid":${old.pid},"serves":true`).test(theatre.read('control.sock.running')),
    );
    process.kill(before.pid, 'SIGKILL');
    const next = await theatre.puppet(String(second));
    // The orphan serves until its successor does.
    expect(processFacts(old.pid)).not.toBeNull();
    await next.do('listen', { port: second });
    const edge = await theatre.puppet('edge', 2);
    // Nobody holds its port any more.
    await edge.do('listen', { port: alone });

    await processGone(old.pid);
    await processGone(oldEdge.pid);
    const after = await settled(theatre);
    expect(after.pid).not.toBe(before.pid);
    expect(after.services.map(({ current, retiring }) => [current?.pid, retiring])).toEqual([
      [next.pid, []],
      [edge.pid, []],
    ]);
    const alive = theatre.stage.puppets.filter(({ pid }) => processFacts(pid) !== null);
    expect(alive.map(({ pid }) => pid).sort()).toEqual([next.pid, edge.pid].sort());
  });
});

/** The status once every service runs and nothing retires. */
async function settled(theatre: Theatre): Promise<StatusDocument> {
  return await until('a manager whose services all run', async () => {
    const answer = await ask(theatre.socket, 'GET', '/v1/status');
    if (!answer.ok) return null;
    const document = answer.body as StatusDocument;
    const calm = document.services.every(
      ({ state, retiring }) => state === 'running' && retiring.length === 0,
    );
    return calm ? document : null;
  });
}
