// Makes the patients, devices and assignments of a ward through the API's local socket, as an operator at the machine
// would (`records.md` 12). Safe to repeat, and to break off anywhere: what stands already is found again.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Id } from '../contract/index.ts';
import { replaceFile } from './durable-file.ts';
import { LocalRefusedError } from './errors.ts';
import type { KitIdentity } from './kit.ts';
import { callLocal } from './local-http.ts';
import { kitModel, kitSignals } from './messages.ts';

const RememberedKit = z.strictObject({ name: z.string(), device: Id, token: z.string().min(1), patient: Id });
const RememberedKits = z.strictObject({ v: z.literal(1), kits: z.array(RememberedKit) });

/** Kits and their tokens, which nobody can read again: 0600. */
export function kitsFile(dataFolder: string): string {
  return join(dataFolder, 'sim', 'kits.json');
}

/** The API's way in for the operator at the machine. */
export function adminSocket(dataFolder: string): string {
  return join(dataFolder, 'run', 'admin.sock');
}

const Identified = z.object({ id: Id });
const Registered = z.object({ device: Identified, token: z.string().min(1) });
const Item = z.looseObject({ id: Id });
type Item = z.infer<typeof Item>;
const Page = z.object({ items: z.array(Item), next: z.string().nullable().default(null) });
const AssignmentView = z.object({ device: Id });
/** A refusal may say what stands in the way. */
const Conflict = z.object({ current: Identified });

export interface ProvisionOptions {
  readonly dataFolder: string;
  readonly count: number;
  /** The API's local socket. */
  readonly socket: string;
}

/** The first `count` kits, each registered, admitted and bound; what is missing is made. */
export async function provision({ dataFolder, count, socket }: ProvisionOptions): Promise<readonly KitIdentity[]> {
  const api = openApi(socket);
  const file = kitsFile(dataFolder);
  const remembered = new Map((await readKits(file)).map((kit) => [kit.name, kit]));
  const known = { patients: await api.all('/patients'), devices: await api.all('/devices') };
  const kits: KitIdentity[] = [];
  for (let i = 1; i <= count; i++) {
    const name = `kit-${i}`;
    const kept = remembered.get(name);
    const patient = await ensurePatient(api, known.patients, i, kept?.patient);
    const stands = kept && known.devices.some(({ id, revoked }) => id === kept.device && revoked !== true);
    const kit = { ...(stands ? kept : { name, ...(await register(api, name)) }), patient };
    if (JSON.stringify(kit) !== JSON.stringify(kept)) {
      remembered.set(name, kit);
      // At once: a token that is not written down is lost, and its device with it.
      await replaceFile(file, `${JSON.stringify({ v: 1, kits: [...remembered.values()] }, null, 2)}\n`);
    }
    await ensureAssignment(api, kit);
    kits.push(kit);
  }
  return kits;
}

async function readKits(file: string): Promise<readonly KitIdentity[]> {
  try {
    return RememberedKits.parse(JSON.parse(await readFile(file, 'utf8'))).kits;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new Error(`${file} cannot be read; without it the kits' tokens are lost`, { cause: error });
  }
}

/** The API as the operator at the machine reaches it; paths below `/api/v1`. */
export interface Api {
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
  /** All items of a list, page after page. */
  all(path: string): Promise<readonly Item[]>;
}

export function openApi(socket: string): Api {
  const get = (path: string) => callLocal(socket, 'GET', `/api/v1${path}`);
  return {
    get,
    post: (path, body) => callLocal(socket, 'POST', `/api/v1${path}`, body),
    async all(path) {
      const items = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const query: string = cursor === '' ? 'limit=500' : `limit=500&cursor=${encodeURIComponent(cursor)}`;
        const page = Page.parse(await get(`${path}?${query}`));
        items.push(...page.items);
        cursor = page.next;
      }
      return items;
    },
  };
}

const people = [
  ['ADLER, Ruth', '1948-03-17'],
  ['BRANDT, Otto', '1951-11-02'],
  ['CONTI, Elena', '1944-07-29'],
  ['DUBOIS, Marcel', '1939-01-08'],
  ['EKLUND, Astrid', '1956-05-23'],
  ['FERRARI, Bruno', '1947-09-14'],
  ['GRUBER, Hanna', '1960-12-30'],
  ['HORVAT, Luka', '1953-04-06'],
] as const;

/** Record number of the patient of a kit: how it is found again. */
function mrnOf(kit: number): string {
  return `SIM-${String(kit).padStart(4, '0')}`;
}

/** The kit's patient: the one remembered, or the one with its record number, or a new one. */
async function ensurePatient(api: Api, known: readonly Item[], kit: number, kept: string | undefined): Promise<string> {
  const mrn = mrnOf(kit);
  const found = known.find((patient) => patient.id === kept) ?? known.find((patient) => patient['mrn'] === mrn);
  if (found) return found.id;
  const [name, birthDate] = people[(kit - 1) % people.length] as (typeof people)[number];
  const body = { mrn, name, birthDate, unit: 'w-1', bed: `Bed ${kit}`, zone: 'Europe/Berlin', highRisk: false };
  return await admit(api, body);
}

/** Admits a patient, or finds the one with this record number. */
export async function admit(
  api: Api,
  body: { readonly mrn: string } & Readonly<Record<string, unknown>>,
): Promise<string> {
  try {
    return Identified.parse(await api.post('/patients', body)).id;
  } catch (error) {
    // A list may hide record numbers from those who may not know them.
    if (!(error instanceof LocalRefusedError && error.status === 409)) throw error;
    const conflict = Conflict.safeParse(error.body);
    if (!conflict.success) throw error;
    return conflict.data.current.id;
  }
}

async function register(api: Api, name: string): Promise<{ readonly device: string; readonly token: string }> {
  const body = { name, model: kitModel, serial: name, sequence: 'required', signals: kitSignals };
  const { device, token } = Registered.parse(await api.post('/devices', body));
  return { device: device.id, token };
}

/** Binds a device that its patient never wore; one that a person took off stays off. */
async function ensureAssignment(api: Api, { patient, device }: KitIdentity): Promise<void> {
  const { items } = Page.parse(await api.get(`/patients/${patient}/assignments`));
  const worn = items.some((item) => AssignmentView.parse(item).device === device);
  if (!worn) await api.post('/assignments', { patient, device });
}
