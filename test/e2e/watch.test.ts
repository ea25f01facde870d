import {
  chmodSync,
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { RawService } from '../../src/config/schema/generated/raw.ts';
import { deployment, release, web, type Deployment } from '../support/deployment.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';

describe('each way of deploying leads to exactly one rotation, of what is there in the end', () => {
  const ways: Readonly<Record<string, (deployed: Deployment) => void | Promise<void>>> = {
    'a rename over the file': (deployed) => {
      deployed.replace('two');
    },
    'a rewrite in place': (deployed) => {
      writeFileSync(deployed.app, release('two'));
    },
    'delete, then create': async (deployed) => {
      unlinkSync(deployed.app);
      await deployed.watchersHaveLooked();
      deployed.write('releases/1/app', 'two');
    },
    'a folder link re-pointed': (deployed) => {
      deployed.write('releases/2/app', 'two');
      deployed.link('current', 'releases/2');
    },
  };
  test.each(Object.entries(ways))('%s', async (_way, deploy) => {
    const deployed = await deployment();
    await deploy(deployed);
    await deployed.serves('two');
    await deployed.staysWith('one', 'two');
  });

  test('a file link re-pointed', async () => {
    const deployed = await deployment();
    deployed.write('releases/1/app-2', 'two');
    deployed.write('releases/1/app-3', 'three');
    // The file becomes a link first, and that is another content.
    deployed.link('current/app', 'app-2');
    await deployed.serves('two');
    deployed.link('current/app', 'app-3');
    await deployed.serves('three');
    await deployed.staysWith('one', 'two', 'three');
  });

  test('several services that watch the same file rotate once each', async () => {
    const theatre = await Theatre.open();
    const app = theatre.script('app', 'exec sleep 300');
    const service: RawService = { command: './app %alt', parameters: ['a', 'b'], overlap: 0, watch: true };
    theatre.start({ one: service, two: service });
    await theatre.running('one');
    await theatre.running('two');
    renameSync(theatre.script('copy', '# new\nexec sleep 300'), app);
    await theatre.service('one', ({ rotations }) => rotations.completed === 1);
    await theatre.service('two', ({ rotations }) => rotations.completed === 1);
  });
});

test('touch, chmod and an identical copy lead to none', async () => {
  const deployed = await deployment();
  // What was launched is read in the milliseconds after the launch.
  await deployed.watchersHaveLooked();
  utimesSync(deployed.app, new Date(), new Date());
  chmodSync(deployed.app, 0o700);
  await deployed.staysWith('one');
  deployed.replace('one');
  await deployed.staysWith('one');
  writeFileSync(deployed.app, readFileSync(deployed.app));
  await deployed.staysWith('one');
  deployed.replace('two');
  await deployed.serves('two');
});

test('a link re-pointed to a release with the same program rotates all the same', async () => {
  const deployed = await deployment();
  deployed.write('releases/2/app', 'one');
  deployed.link('current', 'releases/2');
  await deployed.theatre.service('web', ({ rotations }) => rotations.completed === 1);
  await deployed.staysWith('one', 'one');
});

describe('a change that a rotation on request has launched leads to no other one', () => {
  test('right after the file was replaced', async () => {
    const deployed = await deployment();
    deployed.replace('two');
    expect(await deployed.theatre.rotate('web')).toMatchObject({ outcome: 'completed' });
    await deployed.staysWith('one', 'two');
  });

  test('while the file is still being written to', async () => {
    const deployed = await deployment();
    const text = release('two');
    const copy = openSync(deployed.app, 'w');
    writeSync(copy, text.slice(0, 12));
    const rotation = deployed.theatre.rotate('web');
    await deployed.theatre.service('web', ({ detail }) => detail === 'launching b');
    writeSync(copy, text.slice(12));
    closeSync(copy);
    expect(await rotation).toMatchObject({ outcome: 'completed' });
    await deployed.staysWith('one', 'two');
  });
});

test('a good release that is put back after a crash starts at once, although it has served before', async () => {
  const deployed = await deployment({ ...web, ready: { output: '^content =one' } });
  const { theatre } = deployed;
  deployed.replace('bad', 'exit 7');
  await theatre.service('web', ({ rotations }) => rotations.failed === 1);
  const { current } = await theatre.service('web');
  process.kill(current?.pid ?? 0, 'SIGKILL');
  await theatre.logged(/^alternate \| web: starting a again in 4s/m, 'stderr');
  const tries = deployed.launched.length;
  const at = performance.now();
  deployed.replace('one');
  await deployed.serves('one');
  expect(deployed.launched).toHaveLength(tries + 1);
  // The change starts it, not the end of the pause.
  expect(performance.now() - at).toBeLessThan(3_000);
});

test('a slow copy is waited for', async () => {
  const deployed = await deployment();
  const text = release('two');
  const copy = openSync(deployed.app, 'w');
  writeSync(copy, text.slice(0, 12));
  await deployed.staysWith('one');
  writeSync(copy, text.slice(12));
  closeSync(copy);
  await deployed.serves('two');
  await deployed.staysWith('one', 'two');
});

test('a program that is still open for writing is started as soon as it is closed (ETXTBSY)', async () => {
  const deployed = await deployment();
  const writer = openSync(deployed.app, 'r+');
  const rotation = deployed.theatre.rotate('web');
  await deployed.theatre.service('web', ({ detail }) => detail === 'launching b');
  closeSync(writer);
  expect(await rotation).toMatchObject({ outcome: 'completed', to: 'b' });
});

test('60 replacements in a burst end on the last one, in a few rotations', async () => {
  const deployed = await deployment();
  for (let count = 1; count <= 60; count++) {
    deployed.replace(`burst-${count}`);
    // Two looks of the watcher fit in between.
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await deployed.serves('burst-60');
  const { rotations } = await deployed.theatre.service('web');
  expect(rotations.failed).toBe(0);
  expect(rotations.completed).toBeLessThanOrEqual(5);
  expect(deployed.launched).toHaveLength(rotations.completed + 1);
});

test('changes during a rotation lead to one more', async () => {
  const deployed = await deployment({ ...web, overlap: '5s' });
  deployed.replace('two');
  await until('the rotation has begun', () => deployed.launched.includes('two'));
  deployed.replace('three');
  await deployed.watchersHaveLooked();
  deployed.replace('four');
  await deployed.theatre.service('web', ({ rotations }) => rotations.completed === 2);
  expect(deployed.launched).toEqual(['one', 'two', 'four']);
});

test('a bad release fails once, and is not tried again until the file changes', async () => {
  const deployed = await deployment({ ...web, overlap: '1h' });
  const { theatre } = deployed;
  deployed.replace('bad', 'exit 3');
  const failed = await theatre.service('web', ({ rotations }) => rotations.failed === 1);
  expect(failed.lastRotation).toMatchObject({
    outcome: 'failed',
    reason: 'the instance exited with code 3',
  });
  utimesSync(deployed.app, new Date(), new Date());
  await deployed.watchersHaveLooked();
  expect(await theatre.running('web')).toMatchObject({ rotations: { completed: 0, failed: 1 } });
  expect(deployed.launched).toEqual(['one', 'bad']);
  deployed.replace('worse', 'exit 4');
  await theatre.service('web', ({ rotations }) => rotations.failed === 2);
  expect(deployed.launched).toEqual(['one', 'bad', 'worse']);
});

test('a deploy revives a service that has failed', async () => {
  const deployed = await deployment({ ...web, restart: { delay: '1ms', maxAttempts: 1 } });
  const { theatre } = deployed;
  writeFileSync(deployed.app, release('bad', 'exit 3'));
  await theatre.service('web', ({ state }) => state === 'running');
  process.kill((await theatre.running('web')).current?.pid ?? 0, 'SIGKILL');
  await theatre.service('web', ({ state }) => state === 'failed');
  deployed.replace('mended');
  await deployed.serves('mended');
});

const limited = [
  'unshare',
  '-Ur',
  'sh',
  '-c',
  'echo 0 > /proc/sys/user/max_inotify_watches && exec "$0" "$@"',
];
const canLimit = spawnSync(limited[0] ?? '', [...limited.slice(1), 'true']).status === 0;

test.skipIf(!canLimit)('past the limit of inotify it says so, and polls (needs unshare -Ur)', async () => {
  const deployed = await deployment(web, limited);
  await deployed.theatre.alternate.logged(
    /web: watching by polling, which is slower: the limit of watches is reached \(raise sysctl fs\.inotify\.max_user_watches\)/,
  );
  deployed.replace('two');
  await deployed.serves('two');
  deployed.write('releases/2/app', 'three');
  deployed.link('current', 'releases/2');
  await deployed.serves('three');
  await deployed.staysWith('one', 'two', 'three');
});
