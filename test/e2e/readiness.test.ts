import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../support/ports.ts';
import { processGone } from '../support/processes.ts';
import { Stage } from '../support/stage.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';

const parameters: [string, string] = ['a', 'b'];
const command = Stage.command();

describe('http', () => {
  test.each([200, 302])('%i is ready', async (status) => {
    const theatre = await Theatre.open();
    const [a = 0, b = 0] = await freePorts(2);
    const ready = { http: 'http://127.0.0.1:%alt/', interval: '20ms' };
    theatre.start({ web: { command, parameters: [a, b], ready } });
    await (await theatre.puppet(String(a))).do('listen', { port: a, status });
    expect(await theatre.running('web')).toMatchObject({
      current: { parameter: String(a), state: 'ready' },
    });
  });

  test.each([404, 500])('%i is not, and the reason names it', async (status) => {
    const theatre = await Theatre.open();
    const [a = 0, b = 0] = await freePorts(2);
    const ready = { http: 'http://127.0.0.1:%alt/up', interval: '20ms', timeout: '3s' };
    theatre.start({ web: { command, parameters: [a, b], ready } });
    await (await theatre.puppet(String(a))).do('listen', { port: a });
    await theatre.running('web');
    const rotation = theatre.rotate('web');
    await (await theatre.puppet(String(b))).do('listen', { port: b, status });
    expect(await rotation).toMatchObject({
      outcome: 'failed',
      reason: `not ready within 3s: http://127.0.0.1:${b}/up answered ${status}`,
    });
  });

  test('the parameter is put into the address, and refused connections are tried again', async () => {
    const theatre = await Theatre.open();
    const [a = 0, b = 0] = await freePorts(2);
    const ready = { http: 'http://127.0.0.1:%alt/', interval: '20ms' };
    theatre.start({ web: { command, parameters: [a, b], ready } });
    const first = await theatre.puppet(String(a));
    expect(await theatre.service('web')).toMatchObject({ state: 'starting', current: null });
    await first.do('listen', { port: a });
    expect(await theatre.running('web')).toMatchObject({ current: { parameter: String(a) } });
    const rotation = theatre.rotate('web');
    await (await theatre.puppet(String(b))).do('listen', { port: b });
    expect(await rotation).toMatchObject({ outcome: 'completed', to: String(b) });
  });
});

describe('tcp', () => {
  test('ready when something accepts connections there', async () => {
    const theatre = await Theatre.open();
    const [a = 0, b = 0] = await freePorts(2);
    const ready = { tcp: '127.0.0.1:%alt', interval: '10ms', timeout: '5s' };
    theatre.start({ web: { command, parameters: [a, b], ready } });
    const first = await theatre.puppet(String(a));
    expect((await theatre.service('web')).state).toBe('starting');
    await first.do('listen', { port: a });
    await theatre.running('web');
  });

  test('not ready in time: the reason names the address and what was met', async () => {
    const theatre = await Theatre.open();
    const listener = createServer();
    const [port = 0, free = 0] = await freePorts(2);
    onTestFinished(() => void listener.close());
    const ready = { tcp: '%alt', interval: '10ms', timeout: '3s' };
    const alternate = theatre.start({ web: { command: 'sleep 300', parameters: [port, free], ready } });
    // The test listens in the instance's place, once nobody looks any more whether the port is taken.
    await alternate.logged(/web: started/);
    await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve));
    await theatre.running('web');
    const { reason } = await theatre.rotate('web');
    expect(reason).toBe(`not ready within 3s: ${free}: ECONNREFUSED`);
  });
});

describe('exec', () => {
  test('ready at the first exit 0; it shares folder, environment and parameter, and needs no shell', async () => {
    const theatre = await Theatre.open();
    theatre.script('check', 'echo "$1 $ALTERNATE_PARAMETER $EXTRA $(pwd)" >>asked; test -e "up-$1"');
    theatre.write('up-a', '');
    const alternate = theatre.start({
      web: {
        command,
        parameters,
        ready: { exec: ['./check', '%alt'], interval: '10ms' },
        env: { EXTRA: 'x-%alt' },
      },
    });
    await theatre.running('web');
    expect(theatre.read('asked')).toBe(`a a x-a ${theatre.folder}\n`);
    const rotation = theatre.rotate('web');
    await alternate.logged(/started b/);
    theatre.write('up-b', '');
    expect(await rotation).toMatchObject({ outcome: 'completed' });
  });

  test('not ready in time: the reason says how the check ended and what it said', async () => {
    const theatre = await Theatre.open();
    theatre.script('check', 'test "$1" = a || { echo "no route to $1" >&2; exit 4; }');
    const ready = { exec: './check %alt', interval: '10ms', timeout: '1s' };
    theatre.start({ web: { command: 'sleep 300', parameters, ready } });
    await theatre.running('web');
    expect((await theatre.rotate('web')).reason).toBe(
      'not ready within 1s: ./check b: exit code 4: no route to b',
    );
  });

  test('a check that hangs does not outlive the time it has', async () => {
    const theatre = await Theatre.open();
    theatre.script('check', 'test "$1" = a && exit 0; echo $$ >check.pid; exec sleep 300');
    const ready = { exec: './check %alt', timeout: '1s' };
    theatre.start({ web: { command: 'sleep 300', parameters, ready } });
    await theatre.running('web');
    expect(await theatre.rotate('web')).toMatchObject({ outcome: 'failed' });
    await processGone(Number(theatre.read('check.pid')));
  });
});

describe('output', () => {
  test.each(['stdout', 'stderr'])(
    'ready at a line of %s that matches, the parameter in it',
    async (stream) => {
      const theatre = await Theatre.open();
      const ready = { output: '^listening on .*:%alt$' };
      const alternate = theatre.start({ web: { command, parameters, ready } });
      const a = await theatre.puppet('a');
      await a.do('say', { stream, text: 'listening on host:b\nnot listening on host:a\nlistening on ' });
      expect((await theatre.service('web')).state).toBe('starting');
      await a.do('say', { stream, text: 'host:a\n' });
      await theatre.running('web');
      // The lines are still passed on.
      await a.do('say', { text: 'last words\n' });
      const { stdout, stderr } = await alternate.stop();
      expect(stream === 'stdout' ? stdout : stderr).toContain('web:a | listening on host:a\n');
      expect(stdout).toContain('web:a | last words\n');
    },
  );

  test.each(['ignore', 'inherit'] as const)('works with output: %s', async (output) => {
    const theatre = await Theatre.open();
    const ready = { output: 'ready' };
    const alternate = theatre.start({
      web: { command: 'sh -c "echo ready; sleep 300"', parameters, ready, output },
    });
    await theatre.running('web');
    expect((await alternate.stop()).stdout).toBe(output === 'ignore' ? '' : 'ready\n');
  });

  test('a parameter stands for itself in the pattern', async () => {
    const theatre = await Theatre.open();
    const ready = { output: '^up %alt$' };
    const shortly = { ...ready, timeout: '200ms' };
    theatre.script('app', 'echo "up $1"; exec sleep 300');
    theatre.script('other', 'echo "up axb"; exec sleep 300');
    theatre.start({
      web: { command: ['./app', '%alt'], parameters: ['a.b', '(c'], ready },
      other: { command: ['./other', '%alt'], parameters: ['a.b', '(c'], ready: shortly, restart: 'never' },
    });
    await theatre.running('web');
    expect(await theatre.rotate('web')).toMatchObject({ outcome: 'completed', to: '(c' });
    expect((await theatre.service('other', ({ state }) => state === 'failed')).detail).toContain('not ready');
  });
});

describe('notify', () => {
  test.each(['\n', 'READY=1', 'STATUS=warming up\nREADY=1\n'])('ready when %j is written', async (text) => {
    const theatre = await Theatre.open();
    theatre.start({ web: { command, parameters, ready: { notify: true } } });
    const a = await theatre.puppet('a');
    expect((await theatre.service('web')).state).toBe('starting');
    const descriptor = Number((await a.do('env', { name: 'NOTIFY_FD' }))['value']);
    await a.do('writeDescriptor', { descriptor, text });
    await theatre.running('web');
    // Whoever goes on writing there is not held up.
    await a.do('writeDescriptor', { descriptor, text: 'x'.repeat(300_000) });
  });

  test('READY=1 may come in pieces, and other words are not enough', async () => {
    const theatre = await Theatre.open();
    theatre.start({ web: { command, parameters, ready: { notify: true } } });
    const a = await theatre.puppet('a');
    const descriptor = Number((await a.do('env', { name: 'NOTIFY_FD' }))['value']);
    await a.do('writeDescriptor', { descriptor, text: 'REA' });
    // A request goes round after the manager has read it.
    expect((await theatre.service('web')).state).toBe('starting');
    expect((await theatre.service('web')).state).toBe('starting');
    await a.do('writeDescriptor', { descriptor, text: 'DY=1' });
    await theatre.running('web');
  });

  test('not ready in time', async () => {
    const theatre = await Theatre.open();
    const ready = { notify: true, timeout: '200ms' } as const;
    const { ended } = theatre.start({
      web: { command: 'sleep 300', parameters, ready, restart: 'never' },
    });
    expect((await until('the end', ended)).stderr).toContain(
      'web: failed: not ready within 200ms: nothing was written to NOTIFY_FD.',
    );
  });
});

test('the very first instance that is not ready in time is stopped, and the service tries again', async () => {
  const theatre = await Theatre.open();
  theatre.script('app', 'test -e ready && echo up; exec sleep 300');
  const ready = { output: 'up', timeout: '300ms' };
  const alternate = theatre.start({ web: { command: './app', parameters, ready } });
  await alternate.logged(/starting a again\n/);
  theatre.write('ready', '');
  expect(await theatre.running('web')).toMatchObject({ current: { parameter: 'a' } });
  expect(alternate.stderr).toMatch(/a \(pid \d+\) exited \(SIGTERM\)/);
});
