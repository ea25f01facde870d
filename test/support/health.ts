import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { until } from './until.ts';

/** A health check that answers what the test wants: the test decides when an instance is ready. */
export class HealthCheck {
  readonly #server: Server;
  readonly #answers = new Map<string, number>();
  readonly #asked: string[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      const name = request.url?.slice(1) ?? '';
      this.#asked.push(name);
      response.writeHead(this.#answers.get(name) ?? 503, { Location: '/elsewhere' }).end();
    });
  }

  static async open(): Promise<HealthCheck> {
    const check = new HealthCheck();
    await new Promise<void>((resolve) => check.#server.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      await new Promise((resolve) => check.#server.close(resolve));
    });
    return check;
  }

  /** For `ready.http`. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/%alt`;
  }

  /** Until told otherwise it answers 503. */
  answer(parameter: string | number, status: number): void {
    this.#answers.set(String(parameter), status);
  }

  /** Waits until it has been asked so often about a parameter, from now on. */
  async asked(parameter: string | number, times = 1): Promise<void> {
    const before = this.#count(String(parameter));
    await until(`${times} requests for the health of ${parameter}`, () => {
      return this.#count(String(parameter)) >= before + times;
    });
  }

  #count(parameter: string): number {
    return this.#asked.filter((name) => name === parameter).length;
  }
}
