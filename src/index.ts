/** Types for programs that read what the manager says, and for configurations written in JavaScript. */
export type { RawConfig as AlternateConfiguration } from './config/schema/generated/raw.ts';
export type { Occurrence } from './api/events.ts';
export type { InstanceStatus, RotationStatus, ServiceStatus, StatusDocument } from './api/status.ts';
