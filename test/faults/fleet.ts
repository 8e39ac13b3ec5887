// A fleet as a process of its own against a running program, and what it left behind.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FleetConfigInput, type FleetCounts, readJournal } from '../../simulators/index.ts';
import type { Program } from '../support/program.ts';
import { until } from '../support/until.ts';

/** A device of the fleet, as the running program knows it. */
export interface FleetIdentity {
  readonly id: string;
  readonly token: string;
  readonly patient: string;
}

/** Admits so many patients, each with an oximeter of their own, as a person at the machine does it. */
export async function admit(program: Program, count: number): Promise<FleetIdentity[]> {
  const identities: FleetIdentity[] = [];
  for (let n = 1; n <= count; n++) {
    const created = async (path: string, body: object) => {
      const { status, body: answer } = await program.admin('POST', path, body);
      if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(answer)}`);
      return answer;
    };
    const { id: patient } = await created('/patients', {
      mrn: `F-${String(n).padStart(4, '0')}`,
      name: `FLEET, Patient ${n}`,
      birthDate: '1950-01-01',
      unit: 'w-1',
    });
    const { device, token } = await created('/devices', {
      name: `oximeter ${n}`,
      signals: [{ vital: 'spo2', mode: 'continuous', everyMs: 1_000, firstWithinMs: 120_000 }],
    });
    await created('/assignments', { patient, device: device.id });
    identities.push({ id: device.id, token, patient });
  }
  return identities;
}

export interface Fleet extends AsyncDisposable {
  /** As of the last second. */
  counts(): FleetCounts;
  /** Makes no more, sends all that is made; gives the exit code. */
  stop(): Promise<number | null>;
}

/** Starts `simulators/fleet-process.ts`; its files lie in the folder. */
export async function startFleet(folder: string, config: FleetConfigInput): Promise<Fleet> {
  const file = join(folder, 'fleet.json');
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  const path = fileURLToPath(new URL('../../simulators/fleet-process.ts', import.meta.url));
  const child = spawn(process.execPath, [path, '--config', file], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  let text = '';
  let counts: FleetCounts | undefined;
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = (text + chunk.toString()).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) counts = JSON.parse(line) as FleetCounts;
  });
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  await until('the first counts of the fleet', () => counts || hasEnded());
  return {
    counts: () => counts as FleetCounts,
    async stop() {
      child.kill('SIGTERM');
      await until('the end of the fleet', hasEnded);
      return child.exitCode;
    },
    [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      return Promise.resolve();
    },
  };
}

/** The store comes a little after the log: the newest reading of each patient is what the API reads from it. */
export async function allStored(
  program: Program,
  identities: readonly FleetIdentity[],
  journalFile: string,
): Promise<void> {
  const newest = new Map((await readJournal(journalFile)).sent.map((sent) => [sent.device, sent]));
  const clinician = await program.signIn();
  for (const { id, patient } of identities) {
    const { boot = 0, seq = 0, takenAt = 0 } = newest.get(id) ?? {};
    const [from, to] = [takenAt, takenAt + 1].map((at) => new Date(at).toISOString());
    const isThere = async () => {
      const { body } = await clinician.get(`/patients/${patient}/readings?vital=spo2&from=${from}&to=${to}`);
      return body.items[0]?.reading === `${id}/${boot}/${seq}`;
    };
    await until(`the newest reading of ${id} in the store`, isThere, { everyMs: 500 });
  }
}
