/** The listening sockets of all services: opened before a service is there, and handed to it. */
import type { ServiceConfig } from '../config/types.ts';
import type { ServiceFact } from '../rotator/occurrence.ts';
import { ServiceSockets } from '../traffic/sockets.ts';

export class Listening {
  readonly #report: (service: string, fact: ServiceFact) => void;
  readonly #sockets = new Map<string, ServiceSockets>();

  constructor(report: (service: string, fact: ServiceFact) => void) {
    this.#report = report;
  }

  of(service: string): ServiceSockets {
    const known = this.#sockets.get(service);
    if (known !== undefined) return known;
    const sockets = new ServiceSockets({
      listening: (address, backlog, limit) => {
        this.#report(service, { type: 'socket-opened', address, backlog, limit });
      },
    });
    this.#sockets.set(service, sockets);
    return sockets;
  }

  /** Returns why some cannot be opened, a line each. What is open stays, and is closed when its service does not need it. */
  async open(services: readonly ServiceConfig[]): Promise<readonly string[]> {
    const problems = await Promise.all(
      services
        .filter(({ name, listen }) => listen.length > 0 && !this.#isHeldByAnother(name, listen))
        .map(async ({ name, listen }) => {
          const problem = await this.of(name).open(listen);
          return problem === null ? [] : [`${name}: ${problem}`];
        }),
    );
    return problems.flat();
  }

  /** By one that a reload removes, or that lets them go: its successor opens them when they are free. */
  #isHeldByAnother(service: string, listen: ServiceConfig['listen']): boolean {
    return [...this.#sockets].some(
      ([other, sockets]) => other !== service && listen.some((socket) => sockets.holds(socket)),
    );
  }

  /** A service of the same name that comes later opens its own. */
  forget(service: string): void {
    this.#sockets.delete(service);
  }

  /** Closes those of services that are not there. */
  keepOnly(services: ReadonlySet<string>): void {
    for (const [service, sockets] of this.#sockets) if (!services.has(service)) sockets.keep([]);
  }
}
