import { closeSync, openSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { settle, type SettleTiming } from '../../../src/triggers/watch/settle.ts';
import { inspect } from '../../../src/triggers/watch/stat-identity.ts';
import { put, replace, temporaryFolder } from './folder.ts';

const timing: SettleTiming = { quietMs: 60, pollMs: 5, writerPatienceMs: 600_000, missingPatienceMs: 60 };
const goesOn = new AbortController().signal;

describe('settle', () => {
  test('ends with what stands there after the last change', async () => {
    const path = put(`${temporaryFolder()}/app`, '0');
    let looks = 0;
    const start = performance.now();
    const settled = await settle(
      () => {
        looks += 1;
        if (looks <= 10) replace(path, String(looks));
        return inspect([path]);
      },
      timing,
      goesOn,
    );
    expect(settled?.identity).toBe(inspect([path]).identity);
    expect(settled?.content).not.toBeNull();
    expect(performance.now() - start).toBeGreaterThan(timing.quietMs);
  });

  test('goes on when a link was pointed elsewhere while the content was read', async () => {
    const folder = temporaryFolder();
    const [before, after] = [put(`${folder}/before`, 'one'), put(`${folder}/after`, 'two')];
    let looks = 0;
    const look = (): ReturnType<typeof inspect> => {
      looks += 1;
      return inspect([looks === 1 ? before : after]);
    };
    const settled = await settle(look, { ...timing, quietMs: 0 }, goesOn);
    expect(settled?.identity).toBe(inspect([after]).identity);
  });

  test('does not wait for ever for a writer that does not write', async () => {
    const path = put(`${temporaryFolder()}/app`, 'one');
    const descriptor = openSync(path, 'a');
    const start = performance.now();
    const settled = await settle(() => inspect([path]), { ...timing, writerPatienceMs: 300 }, goesOn);
    closeSync(descriptor);
    expect(settled?.content).not.toBeNull();
    if (process.platform === 'linux') expect(performance.now() - start).toBeGreaterThan(299);
  });

  test('gives up on what stays missing, without a content', async () => {
    const path = `${temporaryFolder()}/app`;
    expect(await settle(() => inspect([path]), timing, goesOn)).toMatchObject({ content: null });
  });

  test('waits for a file that comes back in time', async () => {
    const path = put(`${temporaryFolder()}/app`, 'one');
    rmSync(path);
    let looks = 0;
    const look = (): ReturnType<typeof inspect> => {
      looks += 1;
      if (looks === 5) put(path, 'two');
      return inspect([path]);
    };
    expect((await settle(look, { ...timing, missingPatienceMs: 600_000 }, goesOn))?.content).toHaveLength(64);
  });

  test('ends at once when it is no longer wanted', async () => {
    const path = put(`${temporaryFolder()}/app`, 'one');
    const ending = new AbortController();
    const settled = settle(() => inspect([path]), { ...timing, quietMs: 600_000 }, ending.signal);
    ending.abort();
    expect(await settled).toBeNull();
  });
});
