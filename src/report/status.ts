import type { Occurrence } from '../rotator/occurrence.ts';
import type { InstanceStatus, ServiceStatus } from '../rotator/status.ts';
import type { Millis } from '../rotator/types.ts';
import type { InstanceView, ServiceView } from '../rotator/view.ts';

/** ISO 8601 in UTC with milliseconds. */
export function isoTime(at: Millis): string {
  return new Date(at).toISOString();
}

/** A service's part of the status document. */
export function serviceStatus({ retry, ...view }: ServiceView): ServiceStatus {
  const { lastRotation } = view;
  return {
    ...view,
    // As a moment: a countdown would be another text at every look.
    detail: retry === null ? view.detail : retryDetail(view.detail, isoTime(retry.at), retry.number),
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

/** The words of `detail` while a service waits for its next start; {@link countDown} reads the moment again. */
function retryDetail(reason: string | null, at: string, number: number): string {
  return `${reason ?? ''}; next try at ${at} (restart ${number})`;
}

/** The same with the time that is left, for people who watch. `now`: ms since the epoch. */
export function countDown(detail: string, now: number): string {
  return detail.replace(/; next try at (\S+)(?= \(restart \d+\)$)/, (_, at: string) => {
    const seconds = Math.max(0, Math.ceil((Date.parse(at) - now) / 1000));
    return `; next try in ${seconds}s`;
  });
}

function instanceStatus(instance: InstanceView): InstanceStatus {
  return { ...instance, startedAt: isoTime(instance.startedAt) };
}

/** An event as machines get it: one line of JSON, its time ISO 8601. */
export function occurrenceJson(occurrence: Occurrence): string {
  return JSON.stringify({ ...occurrence, at: isoTime(occurrence.at) });
}
