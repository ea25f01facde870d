/** The listening sockets of all services: opened before a service is there, and handed to it. */
import { listenKey } from '../config/services/listen.ts';
import type { ListenSocket, ServiceConfig } from '../config/types.ts';
import type { Orphan } from '../state/roster.ts';
import type { ServiceReport } from '../api/event.ts';
import { ServiceSockets } from './sockets.ts';

/**
 * Those that may have inherited sockets, so that nobody else can have their addresses before they are gone: of services
 * that listen now, and of services that are no more.
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
   * Opens what is not open yet. What a service holds that is no longer there goes over to the one that wants it now, so
   * that nobody is refused meanwhile.
   * @returns why some cannot be opened, a line each; then nothing has changed
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
    else for (const { sockets, opening } of openings) if (opening.ok) sockets.close(opening.opened);
    return problems;
  }

  /** A service that stays may fail to let an address go, since its rotation may fail: two would answer there. */
  #movedBetween(services: readonly ServiceConfig[]): readonly string[] {
    return services.flatMap(({ name, listen }) =>
      listen.flatMap((socket) => {
        const holder = services.find(
          (other) => other.name !== name && this.#sockets.get(other.name)?.holds(socket),
        );
        if (holder === undefined) return [];
        const key = listenKey(socket.address);
        return [
          `${name}: ${holder.name} listens on ${key}: take it away there first, and reload, then give it here`,
        ];
      }),
    );
  }

  /** With the settings that the new configuration names. */
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

  /** A service of the same name that comes later opens its own. */
  forget(service: string): void {
    this.#sockets.delete(service);
  }

  /** Closes those of services that are not there. */
  keepOnly(services: ReadonlySet<string>): void {
    for (const [service, sockets] of this.#sockets) if (!services.has(service)) sockets.keep([]);
  }
}
