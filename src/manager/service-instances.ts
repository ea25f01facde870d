/** The process groups of one service: launches, adopts, probes and signals them by the ids of the machine. */
import type { ChildProcess } from 'node:child_process';
import { Readable } from 'node:stream';
import { instantiate, ownAddresses, type InstanceSpec } from '../config/instance.ts';
import type { ServiceConfig, SignalName } from '../config/types.ts';
import { followOrphan } from '../process/adopt.ts';
import type { ManagerFacts } from '../process/environment.ts';
import { signalGroup } from '../process/group.ts';
import { launch, type LaunchEvents } from '../process/launch.ts';
import type { InstanceOutput } from '../output/instance-output.ts';
import type { Outputs } from '../output/output.ts';
import { probe } from '../process/probe.ts';
import type { Effect, Id } from '../rotator/machine.ts';
import type { ServiceSockets } from '../sockets/sockets.ts';
import type { UntimedInput } from './runner.ts';

/** How long the output that an instance wrote before its end may take to arrive. A grandchild may hold the pipe open. */
const OUTPUT_GRACE_MS = 1_000;

interface LiveInstance {
  /** Null until it is launched. */
  pid: number | null;
  /** What a probe needs. Null for an adopted instance, which is never probed. */
  readonly probed: { readonly spec: InstanceSpec; readonly output: InstanceOutput } | null;
  child: ChildProcess | null;
  cancelLaunch(): void;
  cancelProbe(): void;
}

export type Dispatch = (untimed: UntimedInput) => void;

export class ServiceInstances {
  readonly #manager: ManagerFacts;
  readonly #outputs: Outputs;
  readonly #sockets: ServiceSockets;
  readonly #live = new Map<Id, LiveInstance>();

  constructor(manager: ManagerFacts, outputs: Outputs, sockets: ServiceSockets) {
    this.#manager = manager;
    this.#outputs = outputs;
    this.#sockets = sockets;
  }

  /** `attempted` is called right before each try to execute the program. */
  launch(
    { instance: id, parameter, spec: service }: Effect & { type: 'launch' },
    attempted: () => void,
    dispatch: Dispatch,
  ): void {
    const spec = instantiate(service, parameter);
    const needsLines = spec.ready?.type === 'output';
    const output = this.#outputs.open({
      service: spec.service,
      parameter,
      output: spec.output,
      uid: spec.credentials.uid,
      needsLines,
    });
    const live: LiveInstance = {
      pid: null,
      probed: { spec, output },
      child: null,
      cancelLaunch: () => undefined,
      cancelProbe: () => undefined,
    };
    this.#live.set(id, live);
    const forget = (): void => {
      this.#live.delete(id);
      live.cancelProbe();
      void output.release(OUTPUT_GRACE_MS);
    };
    const events: LaunchEvents = {
      attempted,
      launched(child) {
        live.pid = child.pid;
        live.child = child;
        output.attach(child.stdout, child.stderr);
        dispatch({ type: 'launched', instance: id, pid: child.pid });
      },
      failed(reason) {
        forget();
        dispatch({ type: 'launchFailed', instance: id, reason });
      },
      leaderExited(exit) {
        dispatch({ type: 'leaderExited', instance: id, exit });
      },
      gone(exit) {
        forget();
        dispatch({ type: 'exited', instance: id, exit });
      },
    };
    this.#onceListening(service, live, events, () => {
      const sockets = service.listen.length === 0 ? null : this.#sockets.inherited(service.listen);
      const addresses = ownAddresses(service, parameter);
      const request = { spec, manager: this.#manager, stdio: output.stdio, sockets, addresses };
      live.cancelLaunch = launch(request, events);
    });
  }

  /** Calls `start` when the sockets are open. They are closed only if the service was stopped or had failed. */
  #onceListening(
    { listen }: ServiceConfig,
    live: LiveInstance,
    events: LaunchEvents,
    start: () => void,
  ): void {
    if (this.#sockets.inherited(listen) !== null) {
      start();
      return;
    }
    let cancelled = false;
    live.cancelLaunch = () => {
      cancelled = true;
    };
    void this.#sockets.open(listen).then((opening) => {
      if (cancelled) events.failed('the launch was cancelled');
      else if (opening.ok) start();
      else events.failed(opening.reason);
    });
  }

  adopt({ instance: id, pid }: Effect & { type: 'adopt' }, dispatch: Dispatch): void {
    const nothing = (): void => undefined;
    this.#live.set(id, { pid, probed: null, child: null, cancelLaunch: nothing, cancelProbe: nothing });
    followOrphan(pid, {
      leaderExited(exit) {
        dispatch({ type: 'leaderExited', instance: id, exit });
      },
      gone: (exit) => {
        this.#live.delete(id);
        dispatch({ type: 'exited', instance: id, exit });
      },
    });
  }

  cancelLaunch(id: Id): void {
    this.#live.get(id)?.cancelLaunch();
  }

  signal(id: Id, signal: SignalName): void {
    const pid = this.#live.get(id)?.pid;
    if (typeof pid === 'number') signalGroup(pid, signal);
  }

  probe(id: Id, dispatch: Dispatch): void {
    const live = this.#live.get(id);
    if (!live?.probed) return;
    live.cancelProbe = probe(live.probed.spec, this.#manager, signsOf(live.probed.output, live.child), {
      ready() {
        dispatch({ type: 'becameReady', instance: id });
      },
      timedOut(reason) {
        dispatch({ type: 'readinessTimedOut', instance: id, reason });
      },
    });
  }

  cancelProbe(id: Id): void {
    this.#live.get(id)?.cancelProbe();
  }
}

/** The signs of readiness that an instance sends itself: lines of output, and the descriptor in NOTIFY_FD. */
function signsOf(output: InstanceOutput, child: ChildProcess | null): Parameters<typeof probe>[2] {
  return {
    onLine: (callback) => output.onLine(callback),
    onNotify(callback) {
      // The last descriptor: the sockets, whose number varies, are before it.
      const pipe = child?.stdio.at(-1);
      if (!(pipe instanceof Readable)) return () => undefined;
      const listen = (chunk: Buffer): void => {
        callback(chunk.toString('utf8'));
      };
      pipe.on('data', listen);
      // Keeps reading and discards the data: an instance that still writes there must not block.
      return () => pipe.off('data', listen).resume();
    },
  };
}
