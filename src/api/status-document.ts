/** The status document of `GET /v1/status` and `alternate status --json`. Times are ISO 8601 in UTC. */
import type { InstanceView, ServiceView } from '../rotator/view.ts';

export interface InstanceStatus extends Omit<InstanceView, 'startedAt'> {
  readonly startedAt: string;
}

export interface RotationStatus {
  readonly outcome: 'completed' | 'failed';
  readonly from: string | null;
  readonly to: string | null;
  readonly reason?: string;
  readonly at: string;
}

export interface ServiceStatus extends Omit<
  ServiceView,
  'current' | 'next' | 'retiring' | 'lastRotation' | 'retry'
> {
  readonly current: InstanceStatus | null;
  readonly next: InstanceStatus | null;
  readonly retiring: readonly InstanceStatus[];
  readonly lastRotation: RotationStatus | null;
}

export interface StatusDocument {
  readonly version: string;
  readonly pid: number;
  readonly config: string | null;
  readonly startedAt: string;
  readonly services: readonly ServiceStatus[];
}
