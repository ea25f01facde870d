/**
 * Keeps the route of one service in the state that was last requested, also when the proxy restarts or a file is
 * removed.
 */
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import type { Parameter, Route, ServiceConfig } from '../config/types.ts';
import { openRouter } from './open-router.ts';
import { DONE, failure, type Result } from '../util/result.ts';
import type { Deviation, Router, Withdrawal } from './router.ts';

/** Long enough for a restart of HAProxy. A rotation waits for it. */
const DIRECT_WITHIN_MS = 3_000;
/** A request that comes while the keeper checks the route waits for this time, twice at most. */
const LOOK_WITHIN_MS = 1_000;
const CLOSE_WITHIN_MS = 5_000;

export interface RouteKeeperOptions {
  /** Milliseconds from one look to the next. */
  readonly tickMs?: number;
  /** A look found that requests do not go to the wanted instance. Called once; the keeper tries until `restored`. */
  lost(reason: string): void;
  /** Requests go to the wanted instance again. Follows `lost`, or a `direct` that failed. */
  restored(): void;
  /** A reload removed a route that could not be withdrawn: it may still send requests. It is not tried again. */
  leftBehind(reason: string): void;
}

/** A route that may send requests to an instance. `used`: the parameters to which it sent requests. */
interface Held {
  readonly route: Route;
  readonly used: Set<string>;
  readonly router: Router;
}

/**
 * Requests are performed one after another, in their order. No request rejects: a failure has its reason in words.
 * Between them, while an instance is wanted, the keeper checks the route regularly and restores it. It never checks
 * while a request is under way.
 */
export class RouteKeeper {
  readonly #options: RouteKeeperOptions;
  #held: readonly Held[] = [];
  #wanted: { readonly held: Held; readonly to: string } | null = null;
  /** `failed`: the caller of `direct` got the reason. `lost`: reported by {@link RouteKeeperOptions.lost}. */
  #trouble: 'none' | 'failed' | 'lost' = 'none';
  #last: Promise<unknown> = Promise.resolve();
  #underWay = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: RouteKeeperOptions) {
    this.#options = options;
  }

  /**
   * Sends new requests only to the instance of `to`. If the service has another route than before, the new route is set
   * first, then the old one is withdrawn. The last request is the wanted state, even if it fails: to get the instance
   * before it back, request that one.
   */
  direct(service: ServiceConfig, to: Parameter): Promise<Result<void>> {
    return this.#inTurn(async () => {
      const { route } = service;
      if (route === null || to === null) {
        this.#wanted = null;
        this.#trouble = 'none';
        await this.#withdrawFormer(null);
        return DONE;
      }
      const held = this.#hold(route, service, to);
      this.#wanted = { held, to };
      const directed = await held.router.direct(to, DIRECT_WITHIN_MS);
      if (directed.ok) await this.#succeeded(held, to, this.#trouble === 'lost');
      else if (this.#trouble === 'none') this.#trouble = 'failed';
      return directed;
    });
  }

  /**
   * Sends new requests to no instance, until the next `direct`. Without an earlier `direct`, this removes the route
   * that a dead manager left behind.
   */
  withdraw(service: ServiceConfig, because: Withdrawal): Promise<Result<void>> {
    return this.#inTurn(async () => {
      this.#wanted = null;
      this.#trouble = 'none';
      if (service.route !== null) this.#hold(service.route, service, null);
      let result: Result<void> = DONE;
      for (const { router } of this.#held) {
        const withdrawn = await router.withdraw(because, LOOK_WITHIN_MS);
        if (result.ok) result = withdrawn;
      }
      if (because === 'stopped' && result.ok) this.#held = [];
      return result;
    });
  }

  /** Waits for all requests, for five seconds at most, and checks the route no more. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const enough = new AbortController();
    const { signal } = enough;
    await Promise.race([this.#last, delay(CLOSE_WITHIN_MS, undefined, { signal }).catch(() => undefined)]);
    enough.abort();
  }

  #inTurn(act: () => Promise<Result<void>>): Promise<Result<void>> {
    clearTimeout(this.#timer);
    this.#underWay += 1;
    // The next request gets its turn even if this one throws.
    const acted = this.#last
      .then(act)
      .catch((error: unknown) => failure(error instanceof Error ? error.message : String(error)))
      .finally(() => {
        this.#underWay -= 1;
        this.#lookLater();
      });
    this.#last = acted;
    return acted;
  }

  #lookLater(): void {
    if (this.#underWay > 0 || this.#wanted === null || this.#closed) return;
    this.#timer = setTimeout(() => {
      void this.#inTurn(async () => {
        await this.#look();
        return DONE;
      });
    }, this.#options.tickMs ?? 1_000).unref();
  }

  async #look(): Promise<void> {
    if (this.#wanted === null) return;
    const { held, to } = this.#wanted;
    const deviation = await held.router.deviation(to, LOOK_WITHIN_MS);
    // A newer request came meanwhile.
    if (deviation !== null && this.#underWay > 1) return;
    const result = deviation === null ? DONE : await restore(held.router, to, deviation);
    if (deviation !== null && this.#trouble === 'none') {
      this.#trouble = 'lost';
      this.#options.lost(result.ok ? deviation.reason : result.reason);
    }
    if (result.ok) await this.#succeeded(held, to, this.#trouble !== 'none');
  }

  async #succeeded(held: Held, to: string, isNews: boolean): Promise<void> {
    held.used.clear();
    held.used.add(to);
    if (isNews) this.#options.restored();
    this.#trouble = 'none';
    await this.#withdrawFormer(held);
  }

  /** Adds the route to the held ones, with a router for the current configuration of the service. */
  #hold(route: Route, service: ServiceConfig, to: string | null): Held {
    const known = this.#held.find((held) => isDeepStrictEqual(held.route, route));
    const used = known?.used ?? new Set<string>();
    if (to !== null) used.add(to);
    const held = { route, used, router: openRouter(route, service, used) };
    this.#held = [...this.#held.filter((other) => other !== known), held];
    return held;
  }

  /**
   * Withdraws the routes that a reload removed. If an old route leads to the same place as the present one (for
   * instance the same HAProxy with another socket), it stays: a withdrawal would undo the present route.
   */
  async #withdrawFormer(present: Held | null): Promise<void> {
    const former = this.#held.filter((held) => held !== present);
    if (former.length === 0) return;
    this.#held = present === null ? [] : [present];
    const place = (await present?.router.place(LOOK_WITHIN_MS)) ?? null;
    for (const { router } of former) {
      if (place !== null && (await router.place(LOOK_WITHIN_MS)) === place) continue;
      const withdrawn = await router.withdraw('stopped', LOOK_WITHIN_MS);
      if (!withdrawn.ok) this.#options.leftBehind(withdrawn.reason);
    }
  }
}

async function restore(router: Router, to: string, { fixable, reason }: Deviation): Promise<Result<void>> {
  return fixable ? await router.direct(to, LOOK_WITHIN_MS) : failure(reason);
}
