/** A program that is deployed again and again, and says which content of it was launched. */
import { renameSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { RawService } from '../../src/config/schema/generated/raw.ts';
import { Theatre } from './theatre.ts';
import { until } from './until.ts';

/** Lets a test see that the watcher has looked: a second service, whose file is changed after the watched one. */
const bystander: RawService = {
  command: 'sleep 300',
  parameters: ['a', 'b'],
  overlap: 0,
  watch: 'bystander',
};
/** A service that watches its own program. */
export const web: RawService = {
  command: './current/app %alt',
  parameters: ['a', 'b'],
  overlap: 0,
  watch: true,
};

/** A release that says what it is. */
export function release(content: string, end = 'exec sleep 300'): string {
  return `#!/bin/sh\necho "content =${content}"\n${end}\n`;
}

/** `current -> releases/1`, and the app in it, which is itself a link where the test wants that. */
export class Deployment {
  readonly theatre: Theatre;
  #looks = 0;

  constructor(theatre: Theatre) {
    this.theatre = theatre;
  }

  get app(): string {
    return path.join(this.theatre.folder, 'current/app');
  }

  write(name: string, content: string, end?: string): string {
    return this.theatre.write(name, release(content, end), 0o755);
  }

  link(name: string, to: string): void {
    const place = path.join(this.theatre.folder, name);
    symlinkSync(to, `${place}.new`);
    renameSync(`${place}.new`, place);
  }

  /** Renames a finished copy over the app, as `mv` and `install` do. */
  replace(content: string, end?: string): void {
    renameSync(this.write('copy', content, end), this.app);
  }

  /** The contents that were launched so far, in order. */
  get launched(): string[] {
    return [...this.theatre.alternate.stdout.matchAll(/^web:\w \| content =(\S+)$/gm)].map(
      ([, content = '']) => content,
    );
  }

  async serves(content: string): Promise<void> {
    await until(`an instance of ${content}`, () => this.launched.at(-1) === content);
    await this.theatre.running('web');
  }

  /** Resolves when the watchers have had the time to see all that was done before, and to judge it. */
  async watchersHaveLooked(): Promise<void> {
    // A first change may be judged in the same moment as the one that is waited out; a second one is later.
    for (let count = 0; count < 2; count++) {
      writeFileSync(path.join(this.theatre.folder, 'bystander'), `look ${++this.#looks}`);
      const looks = this.#looks;
      await this.theatre.service('bystander', ({ rotations }) => rotations.completed === looks);
    }
  }

  /** Exactly these contents have been launched, and no other rotation is on its way. */
  async staysWith(...contents: string[]): Promise<void> {
    await this.watchersHaveLooked();
    const { rotations, state } = await this.theatre.service('web');
    expect(this.launched).toEqual(contents);
    expect({ state, rotations }).toEqual({
      state: 'running',
      rotations: { completed: contents.length - 1, failed: 0 },
    });
  }
}

/** One that serves the content `one`. `through` is a command that becomes the manager. */
export async function deployment(
  service: RawService = web,
  through: readonly string[] = [],
): Promise<Deployment> {
  const theatre = await Theatre.open();
  const deployed = new Deployment(theatre);
  theatre.write('bystander', 'look 0');
  deployed.write('releases/1/app', 'one');
  deployed.link('current', 'releases/1');
  theatre.start({ web: service, bystander }, { through });
  await deployed.serves('one');
  return deployed;
}
