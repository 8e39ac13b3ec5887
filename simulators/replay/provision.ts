// Makes the patient, devices and assignments of a recording through the API's local socket, and ends the assignments again.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Id } from '../../contract/index.ts';
import { replaceFile } from '../durable-file.ts';
import { type Api, adminSocket, admit, openApi } from '../provision.ts';
import type { ReplayIdentity } from './identity.ts';
import { type ReplayDevice, replayModel, signalsOf } from './script.ts';

/** A device of a recording as it is registered, and who wears it. */
export interface RegisteredDevice {
  readonly name: string;
  readonly device: string;
  readonly token: string;
}

/** The recording's patient and devices, worn from now on. */
export interface Worn {
  readonly patient: string;
  readonly devices: readonly RegisteredDevice[];
  /** Takes the devices off, as of that instant. */
  end(at: number): Promise<void>;
}

const Kept = z.strictObject({ name: z.string(), device: Id, token: z.string().min(1), signals: z.string() });
type Kept = z.infer<typeof Kept>;
const KeptFile = z.strictObject({ v: z.literal(1), devices: z.array(Kept) });
const Identified = z.object({ id: Id });
const Registered = z.object({ device: Identified, token: z.string().min(1) });
const Assignments = z.object({ items: z.array(z.object({ id: Id, device: Id, to: z.string().nullable() })) });

/** Devices of recordings and their tokens, which nobody can read again: 0600. */
function keptFile(dataFolder: string): string {
  return join(dataFolder, 'sim', 'recordings.json');
}

export async function wear(
  dataFolder: string,
  { name, mrn }: ReplayIdentity,
  devices: readonly ReplayDevice[],
): Promise<Worn> {
  const api = openApi(adminSocket(dataFolder));
  const patient = await admitted(api, mrn, name);
  const registered: RegisteredDevice[] = [];
  for (const device of devices) registered.push(await registeredDevice(api, dataFolder, mrn, device));
  const assignments: string[] = [];
  for (const { device } of registered) assignments.push(await bound(api, patient, device));
  return {
    patient,
    devices: registered,
    async end(at) {
      const body = { at: new Date(at).toISOString(), reason: 'the recording is over' };
      for (const id of assignments) await api.post(`/assignments/${id}/end`, body);
    },
  };
}

async function admitted(api: Api, mrn: string, name: string): Promise<string> {
  const found = (await api.all('/patients')).find((patient) => patient['mrn'] === mrn);
  if (found) return found.id;
  const body = { mrn, name: `RECORDING, ${name}`, birthDate: '1950-01-01', unit: 'w-1', bed: 'replay', zone: 'UTC' };
  return await admit(api, body);
}

/** The device that a replay of the same recording left, if it still stands and sends the same; else a new one. */
async function registeredDevice(
  api: Api,
  dataFolder: string,
  mrn: string,
  device: ReplayDevice,
): Promise<RegisteredDevice> {
  const signals = JSON.stringify(signalsOf(device));
  const key = `${mrn} ${device.name}`;
  const known = await readKept(dataFolder);
  const kept = known.find((each) => each.name === key && each.signals === signals);
  if (kept && (await api.all('/devices')).some(({ id, revoked }) => id === kept.device && revoked !== true))
    return { name: device.name, device: kept.device, token: kept.token };
  const body = { name: device.name, model: replayModel, serial: device.name, sequence: 'required' };
  const made = Registered.parse(await api.post('/devices', { ...body, signals: signalsOf(device) }));
  const one: Kept = { name: key, device: made.device.id, token: made.token, signals };
  // At once: a token that is not written down is lost, and its device with it.
  const all = [...known.filter(({ name }) => name !== key), one];
  await replaceFile(keptFile(dataFolder), `${JSON.stringify({ v: 1, devices: all }, null, 2)}\n`);
  return { name: device.name, device: one.device, token: one.token };
}

async function readKept(dataFolder: string): Promise<readonly Kept[]> {
  try {
    return KeptFile.parse(JSON.parse(await readFile(keptFile(dataFolder), 'utf8'))).devices;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new Error(`${keptFile(dataFolder)} cannot be read; without it the tokens in it are lost`, { cause: error });
  }
}

/** A new assignment; one that a replay before this left open, as it was killed, ends first. */
async function bound(api: Api, patient: string, device: string): Promise<string> {
  const { items } = Assignments.parse(await api.get(`/patients/${patient}/assignments?limit=500`));
  for (const { id } of items.filter((each) => each.device === device && each.to === null))
    await api.post(`/assignments/${id}/end`, { reason: 'left by a replay that was broken off' });
  return Identified.parse(await api.post('/assignments', { patient, device })).id;
}
