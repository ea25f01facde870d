import type { SignalName } from '../config/types.ts';
import type { ReloadResult, ServiceStatus, StatusDocument } from '../api/status-document.ts';
import type { Answer } from '../rotator/machine.ts';

/** All that the control socket can ask of the manager. Names have been checked to be those of services. */
export interface Commands {
  status(): StatusDocument;
  service(name: string): ServiceStatus | null;
  /** SIGUSR1 is a rotation of that service alone; any other signal goes to its current instance. */
  signal(name: string, signal: SignalName): Promise<Answer>;
  rotate(name: string): Promise<Answer>;
  /** The same for one of all services: `refused` with `left-alone` if this one has no part in that. */
  rotateAmongAll(name: string): Promise<Answer>;
  start(name: string): Promise<Answer>;
  stop(name: string): Promise<Answer>;
  restart(name: string): Promise<Answer>;
  reload(): Promise<ReloadResult>;
  shutdown(): void;
  /** Calls back with each event as one line of JSON; returns an end to that. */
  subscribe(listener: (json: string) => void): () => void;
}
