/** Types for programs that read what the manager says, and for configurations written in JavaScript. */
export type { RawConfig as AlternateConfiguration } from './config/generated/raw.ts';
export type { Occurrence } from './rotator/occurrence.ts';
export type { InstanceStatus, RotationStatus, ServiceStatus, StatusDocument } from './rotator/status.ts';
