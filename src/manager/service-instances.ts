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
import { probe, type ProbeEvents, type ReadinessSources } from '../process/probe.ts';
import type { Effect, Id } from '../rotator/machine.ts';
import type { ServiceSockets } from '../sockets/sockets.ts';
import type { UntimedInput } from './runner.ts';

/**
 * How long the output that an instance wrote before its end may take to arrive. A grandchild may hold the pipe open.
 */
const OUTPUT_GRACE_MS = 1_000;

interface LiveInstance {
  /** Null until it is launched. */
  pid: number | null;
  /** What a probe needs. Null for an adopted instance, which is never probed. */
  readonly probed: { readonly spec: InstanceSpec; readonly output: InstanceOutput } | null;
  child: ChildProcess | null;
  /** Aborting it cancels the launch, if that has not succeeded yet. */
  readonly launching: AbortController;
  /** Aborting it cancels the probe. */
  probing: AbortController | null;
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
      launching: new AbortController(),
      probing: null,
    };
    this.#live.set(id, live);
    const forget = (): void => {
      this.#live.delete(id);
      live.probing?.abort();
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
    const cancelled = live.launching.signal;
    this.#onceListening(service, events, cancelled, () => {
      const sockets = service.listen.length === 0 ? null : this.#sockets.inherited(service.listen);
      const addresses = ownAddresses(service, parameter);
      launch({ spec, manager: this.#manager, stdio: output.stdio, sockets, addresses }, events, cancelled);
    });
  }

  /** Calls `start` when the sockets are open. They are closed only if the service was stopped or had failed. */
  #onceListening(
    { listen }: ServiceConfig,
    events: LaunchEvents,
    cancelled: AbortSignal,
    start: () => void,
  ): void {
    if (this.#sockets.inherited(listen) !== null) {
      start();
      return;
    }
    void this.#sockets.open(listen).then((opening) => {
      if (cancelled.aborted) events.failed('the launch was cancelled');
      else if (opening.ok) start();
      else events.failed(opening.reason);
    });
  }

  adopt({ instance: id, pid }: Effect & { type: 'adopt' }, dispatch: Dispatch): void {
    const launching = new AbortController();
    this.#live.set(id, { pid, probed: null, child: null, launching, probing: null });
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
    this.#live.get(id)?.launching.abort();
  }

  signal(id: Id, signal: SignalName): void {
    const pid = this.#live.get(id)?.pid;
    if (typeof pid === 'number') signalGroup(pid, signal);
  }

  probe(id: Id, dispatch: Dispatch): void {
    const live = this.#live.get(id);
    if (!live?.probed) return;
    const { spec, output } = live.probed;
    const events: ProbeEvents = {
      ready() {
        dispatch({ type: 'becameReady', instance: id });
      },
      timedOut(reason) {
        dispatch({ type: 'readinessTimedOut', instance: id, reason });
      },
    };
    live.probing = new AbortController();
    probe(spec, this.#manager, readinessSources(output, live.child), events, live.probing.signal);
  }

  cancelProbe(id: Id): void {
    this.#live.get(id)?.probing?.abort();
  }
}

/** The signs of readiness that an instance sends itself: lines of output, and the descriptor in NOTIFY_FD. */
function readinessSources(output: InstanceOutput, child: ChildProcess | null): ReadinessSources {
  return {
    onLine(callback, until) {
      output.onLine(callback, until);
    },
    onNotify(callback, until) {
      // The last descriptor, after the sockets, whose number depends on the service.
      const pipe = child?.stdio.at(-1);
      if (!(pipe instanceof Readable)) return;
      const listen = (chunk: Buffer): void => {
        callback(chunk.toString('utf8'));
      };
      pipe.on('data', listen);
      // The pipe is still read, so that later writes do not block the instance.
      until.addEventListener('abort', () => pipe.off('data', listen).resume());
    },
  };
}
