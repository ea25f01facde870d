/** Turns what the machine knows into the documents that other programs read. Pure. */
import type { Event } from './event.ts';
import type { InstanceStatus, ServiceStatus } from './status-document.ts';
import type { Millis } from '../rotator/machine.ts';
import type { InstanceView, ServiceView } from '../rotator/view.ts';

/** Converts the time of an input to the wall clock's time. The offset is the present one. */
export type ToWall = (at: Millis) => Millis;

/** ISO 8601 in UTC with milliseconds. */
export function isoTime(at: Millis, toWall: ToWall): string {
  return new Date(toWall(at)).toISOString();
}

/** A service's part of the status document. */
export function serviceStatus({ retry, ...view }: ServiceView, toWall: ToWall): ServiceStatus {
  const instanceStatus = (instance: InstanceView): InstanceStatus => ({
    ...instance,
    startedAt: isoTime(instance.startedAt, toWall),
  });
  const { lastRotation } = view;
  return {
    ...view,
    // An absolute time: a countdown would change the text at every request.
    detail: retry === null ? view.detail : retryDetail(view.detail, isoTime(retry.at, toWall), retry.number),
    current: view.current && instanceStatus(view.current),
    next: view.next && instanceStatus(view.next),
    retiring: view.retiring.map(instanceStatus),
    lastRotation: lastRotation && {
      outcome: lastRotation.outcome,
      from: lastRotation.from,
      to: lastRotation.to,
      ...(lastRotation.reason !== undefined && { reason: lastRotation.reason }),
      at: isoTime(lastRotation.at, toWall),
    },
  };
}

/** `detail` while a service waits for its next start. {@link countDown} parses this text. */
function retryDetail(reason: string | null, at: string, number: number): string {
  return `${reason ?? ''}; next try at ${at} (restart ${number})`;
}

/** Replaces the absolute time in `detail` by the seconds that are left, for a terminal. `now`: ms since the epoch. */
export function countDown(detail: string, now: number): string {
  return detail.replace(/; next try at (\S+)(?= \(restart \d+\)$)/, (_, at: string) => {
    const seconds = Math.max(0, Math.ceil((Date.parse(at) - now) / 1000));
    return `; next try in ${seconds}s`;
  });
}

/** An event as one line of JSON. Its time is ISO 8601. */
export function eventJson(event: Event, toWall: ToWall): string {
  return JSON.stringify({ ...event, at: isoTime(event.at, toWall) });
}
