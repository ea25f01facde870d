/** The listening sockets of all services. They are opened before the services start. */
import { listenKey } from '../config/services/listen.ts';
import type { ListenSocket, ServiceConfig } from '../config/types.ts';
import type { Orphan } from '../state/roster.ts';
import type { ServiceReport } from '../api/event.ts';
import { ServiceSockets } from './sockets.ts';

/**
 * The orphans that may have inherited sockets: orphans of services with `listen`, and of services that no longer exist.
 * Their addresses are free only when they are gone.
 */
export function holdSockets(
  orphans: readonly Orphan[],
  services: readonly ServiceConfig[],
): readonly Orphan[] {
  if (services.every(({ listen }) => listen.length === 0)) return [];
  const without = services.filter(({ listen }) => listen.length === 0).map(({ name }) => name);
  return orphans.filter(({ service }) => !without.includes(service));
}

export class AllSockets {
  readonly #report: (service: string, fact: ServiceReport) => void;
  readonly #sockets = new Map<string, ServiceSockets>();

  constructor(report: (service: string, fact: ServiceReport) => void) {
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

  /**
   * Opens the sockets that are not open yet. A socket of a removed service is moved to the service that has its address
   * now, so that no connection is refused meanwhile.
   * @returns why sockets cannot be opened, one line per problem. Then nothing has changed
   */
  async open(services: readonly ServiceConfig[]): Promise<readonly string[]> {
    const moved = this.#movedBetween(services);
    if (moved.length > 0) return moved;
    const openings = await Promise.all(
      services.map(async ({ name, listen }) => {
        const sockets = this.of(name);
        const free = listen.filter((socket) => this.#heldByAnother(name, socket) === undefined);
        return { name, sockets, opening: await sockets.open(free) };
      }),
    );
    const problems = openings.flatMap(({ name, opening }) =>
      opening.ok ? [] : [`${name}: ${opening.reason}`],
    );
    if (problems.length === 0) await this.#handOver(services);
    else for (const { sockets, opening } of openings) if (opening.ok) sockets.close(opening.value);
    return problems;
  }

  /**
   * Refuses an address that moves from one service to another in one reload. If the rotation of the first service
   * fails, both services would answer on it.
   */
  #movedBetween(services: readonly ServiceConfig[]): readonly string[] {
    return services.flatMap(({ name, listen }) =>
      listen.flatMap((socket) => {
        const holder = services.find(
          (other) => other.name !== name && this.#sockets.get(other.name)?.holds(socket),
        );
        if (holder === undefined) return [];
        const key = listenKey(socket.address);
        return [
          `${name}: the service ${holder.name} listens on ${key}: remove it there and reload, then add it here and reload again`,
        ];
      }),
    );
  }

  /** Moves sockets between services, and applies the settings of the new configuration. */
  async #handOver(services: readonly ServiceConfig[]): Promise<void> {
    for (const { name, listen } of services)
      for (const socket of listen) {
        const holder = this.#heldByAnother(name, socket);
        if (holder !== undefined) this.of(name).take(socket, holder);
      }
    await Promise.all(services.map(({ name, listen }) => this.of(name).adjust(listen)));
  }

  #heldByAnother(service: string, socket: ListenSocket): ServiceSockets | undefined {
    const others = [...this.#sockets].filter(([other]) => other !== service);
    return others.map(([, sockets]) => sockets).find((sockets) => sockets.holds(socket));
  }

  /** Later, a new service with the same name opens its own sockets. */
  forget(service: string): void {
    this.#sockets.delete(service);
  }

  /** Closes the sockets of all other services. */
  keepOnly(services: ReadonlySet<string>): void {
    for (const [service, sockets] of this.#sockets) if (!services.has(service)) sockets.keep([]);
  }
}
