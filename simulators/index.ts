// Table of contents of patients and devices that do not exist. Not part of what is delivered; realm test only.
export { registerSimCommands, type SimContext } from './commands.ts';
export type { FleetConfigInput } from './fleet/config.ts';
export type { FleetCounts } from './fleet/device.ts';
export { runFleet } from './fleet/fleet.ts';
export { type AckedRecord, openJournal, readJournal, type SentRecord } from './fleet/journal.ts';
export { fleetPayload, fleetReading, isLow } from './fleet/payload.ts';
export { type Kit, type KitFaults, type KitIdentity, type KitOptions, noFaults, startKit } from './kit.ts';
export type { BrokerAddress } from './link.ts';
export { createPatient, type PatientSecond, type SimulatedPatient } from './patients/patient.ts';
export { kitsFile, provision } from './provision.ts';
export { pseudoRandom, seededRandom } from './random.ts';
export { type ScenarioEvent, scenarios } from './scenario.ts';
export { openTruth, readTruth, type Truth, type TruthLine } from './truth.ts';
export { startWard, type Ward } from './ward.ts';
