/** Keeps the route of one service as it was asked for last, whoever is restarted or removed meanwhile. */
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import type { Parameter, Route, ServiceConfig } from '../config/types.ts';
import { openRouter } from './open-router.ts';
import type { Router, Withdrawal } from './router.ts';

/** Long enough for a HAProxy that is restarted; a rotation waits for it. */
const DIRECT_WITHIN_MS = 3_000;
/** Whoever asks for something while the keeper looks after the route waits this long, twice at most. */
const LOOK_WITHIN_MS = 1_000;
const CLOSE_WITHIN_MS = 5_000;

export interface RouteKeeperOptions {
  /** Milliseconds from one look to the next. */
  readonly tickMs?: number;
  /** Found out by looking: requests do not go where they should. Said once, and tried again until `restored`. */
  lost(reason: string): void;
  /** They do again. Follows `lost`, or a `direct` that failed. */
  restored(): void;
  /** A reload took away a route that could not be withdrawn: it may still send requests. It is not tried again. */
  leftBehind(reason: string): void;
}

/** A route that may let somebody in. `used`: the parameters that were. */
interface Held {
  readonly route: Route;
  readonly used: Set<string>;
  readonly router: Router;
}

/**
 * What is asked for is carried out one after another, in the order asked for. Each resolves with null, or with why it
 * could not be done, in words; none rejects. Between them, while something is directed to, the keeper looks now and then
 * whether the route still holds and makes it so again: it never looks while anything that was asked for is under way.
 */
export class RouteKeeper {
  readonly #options: RouteKeeperOptions;
  #held: readonly Held[] = [];
  #wanted: { readonly held: Held; readonly to: string } | null = null;
  /** `failed`: whoever asked has been told; `lost`: said by {@link RouteKeeperOptions.lost}. */
  #trouble: 'none' | 'failed' | 'lost' = 'none';
  #last: Promise<unknown> = Promise.resolve();
  #underWay = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: RouteKeeperOptions) {
    this.#options = options;
  }

  /**
   * Sends new requests to the instance of `to` alone. Where the service has another route than before, the new one is made
   * true first, then the old one is withdrawn. What was asked for last is what is wanted from then on, even where it
   * fails: whoever wants the instance before it back asks for that one.
   */
  direct(service: ServiceConfig, to: Parameter): Promise<string | null> {
    return this.#inTurn(async () => {
      const { route } = service;
      if (route === null || to === null) {
        this.#wanted = null;
        this.#trouble = 'none';
        await this.#withdrawFormer(null);
        return null;
      }
      const held = this.#hold(route, service, to);
      this.#wanted = { held, to };
      const failure = await held.router.direct(to, DIRECT_WITHIN_MS);
      if (failure === null) await this.#succeeded(held, to, this.#trouble === 'lost');
      else if (this.#trouble === 'none') this.#trouble = 'failed';
      return failure;
    });
  }

  /**
   * Sends new requests to no instance, until the next `direct`. Without an earlier `direct` this removes what another
   * manager, now dead, left behind.
   */
  withdraw(service: ServiceConfig, because: Withdrawal): Promise<string | null> {
    return this.#inTurn(async () => {
      this.#wanted = null;
      this.#trouble = 'none';
      if (service.route !== null) this.#hold(service.route, service, null);
      let failure: string | null = null;
      for (const { router } of this.#held) {
        const failed = await router.withdraw(because, LOOK_WITHIN_MS);
        failure ??= failed;
      }
      if (because === 'stopped' && failure === null) this.#held = [];
      return failure;
    });
  }

  /** Waits for what was asked for, for five seconds at most, and looks no more. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const enough = new AbortController();
    const { signal } = enough;
    await Promise.race([this.#last, delay(CLOSE_WITHIN_MS, undefined, { signal }).catch(() => undefined)]);
    enough.abort();
  }

  #inTurn(act: () => Promise<string | null>): Promise<string | null> {
    clearTimeout(this.#timer);
    this.#underWay += 1;
    // What follows takes its turn, whatever happens here.
    const acted = this.#last
      .then(act)
      .catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
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
        return null;
      });
    }, this.#options.tickMs ?? 1_000).unref();
  }

  async #look(): Promise<void> {
    if (this.#wanted === null) return;
    const { held, to } = this.#wanted;
    const deviation = await held.router.deviation(to, LOOK_WITHIN_MS);
    // Something else was asked for meanwhile: that is newer.
    if (deviation !== null && this.#underWay > 1) return;
    const failure =
      deviation?.mendable === true
        ? await held.router.direct(to, LOOK_WITHIN_MS)
        : (deviation?.reason ?? null);
    if (deviation !== null && this.#trouble === 'none') {
      this.#trouble = 'lost';
      this.#options.lost(failure ?? deviation.reason);
    }
    if (failure === null) await this.#succeeded(held, to, this.#trouble !== 'none');
  }

  async #succeeded(held: Held, to: string, isNews: boolean): Promise<void> {
    held.used.clear();
    held.used.add(to);
    if (isNews) this.#options.restored();
    this.#trouble = 'none';
    await this.#withdrawFormer(held);
  }

  /** The route among those held, with a router for the service as it is now. */
  #hold(route: Route, service: ServiceConfig, to: string | null): Held {
    const known = this.#held.find((held) => isDeepStrictEqual(held.route, route));
    const used = known?.used ?? new Set<string>();
    if (to !== null) used.add(to);
    const held = { route, used, router: openRouter(route, service, used) };
    this.#held = [...this.#held.filter((other) => other !== known), held];
    return held;
  }

  /** Routes that a reload took away. The same HAProxy by another socket, say, must not be told the contrary. */
  async #withdrawFormer(present: Held | null): Promise<void> {
    const former = this.#held.filter((held) => held !== present);
    if (former.length === 0) return;
    this.#held = present === null ? [] : [present];
    const place = (await present?.router.place(LOOK_WITHIN_MS)) ?? null;
    for (const { router } of former) {
      if (place !== null && (await router.place(LOOK_WITHIN_MS)) === place) continue;
      const failure = await router.withdraw('stopped', LOOK_WITHIN_MS);
      if (failure !== null) this.#options.leftBehind(failure);
    }
  }
}
