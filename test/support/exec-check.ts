import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { until } from './until.ts';

/**
 * A readiness check that ends as the test wants: the test decides when an instance is ready. It is `ready.exec`,
 * because an address would have to be the instance's own.
 */
export class ExecCheck {
  readonly #folder: string;

  /** @param folder the configuration's, by its absolute path */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** For `ready.exec`: the check of one instance. */
  get exec(): [string, ...string[]] {
    return ['sh', '-c', 'echo >>"$0/asked-$1"; test -e "$0/healthy-$1"', this.#folder, '%alt'];
  }

  /** Until then an instance is not ready. */
  healthy(parameter: string): void {
    writeFileSync(path.join(this.#folder, `healthy-${parameter}`), '');
  }

  /** Waits until it has been asked so often about a parameter, from now on. */
  async asked(parameter: string, times = 1): Promise<void> {
    const before = this.#count(parameter);
    await until(`${times} checks of ${parameter}`, () => this.#count(parameter) >= before + times);
  }

  #count(parameter: string): number {
    const file = path.join(this.#folder, `asked-${parameter}`);
    return existsSync(file) ? readFileSync(file).length : 0;
  }
}
