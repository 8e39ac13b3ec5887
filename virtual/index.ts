// A whole system under virtual time, its clock, and what it is told.
export { VirtualClock } from './clock.ts';
export type {
  Binding,
  PublishKind,
  PublishOptions,
  Taking,
  VirtualDevice,
  VirtualPatient,
  VirtualSystemOptions,
} from './options.ts';
export { openVirtualSystem, type VirtualSystem } from './system.ts';
export type { Told } from './told.ts';
