import { describe, expect, test } from 'vitest';
import { put, replace, temporaryFolder } from './folder.ts';
import { looksToSettle, restless, startService } from './service.ts';

describe('what was tried', () => {
  test('tries a bad release once, and again when it was put back after the good one', async () => {
    const path = put(`${temporaryFolder()}/app`, 'good');
    const service = startService([path], { timing: restless });
    await service.looks(looksToSettle);
    replace(path, 'bad');
    await service.requests(1);
    replace(path, 'bad');
    await service.looks(looksToSettle);
    replace(path, 'good');
    await service.looks(looksToSettle);
    replace(path, 'bad');
    await service.requests(2);
    expect(service.launched).toEqual(['bad', 'bad']);
  });

  test('asks for the release that served before when nothing serves any more', async () => {
    const path = put(`${temporaryFolder()}/app`, 'good');
    const service = startService([path], { timing: restless });
    await service.looks(looksToSettle);
    replace(path, 'bad');
    await service.requests(1);
    service.launch();
    service.watch.nothingServes();
    await service.looks(looksToSettle);
    replace(path, 'good');
    await service.requests(2);
    expect(service.launched).toEqual(['bad', 'good']);
  });

  test('asks nothing when somebody else rotated right after the deployment', async () => {
    const path = put(`${temporaryFolder()}/app`, 'one');
    const service = startService([path], { timing: restless });
    await service.looks(looksToSettle);
    replace(path, 'two');
    service.launch();
    await service.looks(looksToSettle);
    replace(path, 'three');
    await service.requests(1);
    expect(service.launched).toEqual(['three']);
  });

  test('asks when a file goes back to the old release while the new one is still being brought up', async () => {
    const path = put(`${temporaryFolder()}/app`, 'old');
    const service = startService([path], { timing: { quietMs: 20, pollMs: 10 } });
    const witness = startService([path], { timing: restless });
    await witness.looks(looksToSettle);
    replace(path, 'bad at first');
    await service.requests(1);
    const broughtUp = service.watch.snapshot();
    replace(path, 'old');
    await witness.looks(looksToSettle);
    expect(service.launched).toEqual(['bad at first']);
    service.watch.serving(broughtUp);
    await service.requests(2);
    expect(service.launched).toEqual(['bad at first', 'old']);
  });

  test('asks for a release that came between the launch of the first instance and its content being read', async () => {
    const path = put(`${temporaryFolder()}/app`, 'one');
    const service = startService([path]);
    replace(path, 'two');
    await service.requests(1);
    expect(service.launched).toEqual(['two']);
  });
});

describe('without hints', () => {
  test('says so once and looks more often', async () => {
    const path = put(`${temporaryFolder()}/app`, 'one');
    const service = startService([path], {
      timing: { degradedTickMs: 20 },
      openHints: (_paths, _hint, failed) => {
        failed('the limit is reached');
        failed('the limit is reached again');
        return Promise.reject(new Error('no watcher'));
      },
    });
    for (const [index, text] of ['two', 'three'].entries()) {
      replace(path, text);
      await service.requests(index + 1);
    }
    expect(service.launched).toEqual(['two', 'three']);
    expect(service.degraded).toEqual(['the limit is reached']);
  });

  test('calls nothing after it was closed', async () => {
    const path = put(`${temporaryFolder()}/app`, 'one');
    const service = startService([path], { timing: restless });
    const witness = startService([path], { timing: restless });
    await witness.looks(looksToSettle);
    await service.watch.close();
    replace(path, 'two');
    await witness.requests(1);
    expect(service.launched).toEqual([]);
  });
});
