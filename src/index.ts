/** Types for programs that read the manager's documents, and for configurations written in JavaScript. */
export type { RawConfig as AlternateConfiguration } from './config/schema/generated/raw.ts';
export type { Event } from './api/event.ts';
export type { InstanceStatus, RotationStatus, ServiceStatus, StatusDocument } from './api/status-document.ts';
