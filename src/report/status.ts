import type { Occurrence } from '../rotator/occurrence.ts';
import type { InstanceStatus, ServiceStatus } from '../rotator/status.ts';
import type { Millis } from '../rotator/types.ts';
import type { InstanceView, ServiceView } from '../rotator/view.ts';

/** ISO 8601 in UTC with milliseconds. */
export function isoTime(at: Millis): string {
  return new Date(at).toISOString();
}

/** A service's part of the status document. */
export function serviceStatus(view: ServiceView): ServiceStatus {
  const { lastRotation } = view;
  return {
    ...view,
    current: view.current && instanceStatus(view.current),
    next: view.next && instanceStatus(view.next),
    retiring: view.retiring.map(instanceStatus),
    lastRotation: lastRotation && {
      outcome: lastRotation.outcome,
      from: lastRotation.from,
      to: lastRotation.to,
      ...(lastRotation.reason !== undefined && { reason: lastRotation.reason }),
      at: isoTime(lastRotation.at),
    },
  };
}

function instanceStatus(instance: InstanceView): InstanceStatus {
  return { ...instance, startedAt: isoTime(instance.startedAt) };
}

/** An event as machines get it: one line of JSON, its time ISO 8601. */
export function occurrenceJson(occurrence: Occurrence): string {
  return JSON.stringify({ ...occurrence, at: isoTime(occurrence.at) });
}
