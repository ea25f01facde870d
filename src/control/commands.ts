import type { SignalName } from '../config/types.ts';
import type { ReloadResult } from '../api/reload-result.ts';
import type { ServiceStatus, StatusDocument } from '../api/status-document.ts';
import type { Answer } from '../rotator/machine.ts';

/** Everything that the control socket can request from the manager. The names are names of services. */
export interface Commands {
  status(): StatusDocument;
  service(name: string): ServiceStatus | null;
  /** SIGUSR1 rotates only this service. Any other signal is sent to its current instance. */
  signal(name: string, signal: SignalName): Promise<Answer>;
  rotate(name: string): Promise<Answer>;
  /** `rotate` as part of a rotation of all services: `refused` with `left-alone` if the service takes no part in it. */
  rotateAmongAll(name: string): Promise<Answer>;
  start(name: string): Promise<Answer>;
  stop(name: string): Promise<Answer>;
  restart(name: string): Promise<Answer>;
  reload(): Promise<ReloadResult>;
  shutdown(): void;
  /** Calls back with each event as one line of JSON, until `until` is aborted. */
  subscribe(listener: (json: string) => void, until: AbortSignal): void;
}
