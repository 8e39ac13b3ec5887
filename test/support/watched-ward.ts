// What a test asks of a running ward by the means of an operator and of a clinician: the log as text, the kits, who is watched.
import type { Program, SignedIn } from './program.ts';
import type { StreamClient } from './sse.ts';
import { until } from './until.ts';

export interface LogLine {
  readonly partition: number;
  readonly position: number;
  readonly key: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the log holds, as anybody reads it
  readonly header: any;
  // biome-ignore lint/suspicious/noExplicitAny: likewise
  readonly body: any;
}

/** A topic as `vigil log cat --json` gives it; a body that is JSON is parsed. */
export async function logOf(program: Pick<Program, 'run'>, topic: string): Promise<LogLine[]> {
  const { code, stdout, stderr } = await program.run('log', 'cat', '--topic', topic, '--json');
  if (code !== 0) throw new Error(`log cat: ${code} ${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const record = JSON.parse(line) as LogLine & { body?: string };
      const body = /^[[{]/.test(record.body ?? '') ? (JSON.parse(record.body) as unknown) : record.body;
      return { ...record, body };
    });
}

export interface Kit {
  readonly kit: string;
  readonly patient: string;
  readonly device: string;
  readonly waiting: number;
}

export async function kits(program: Program): Promise<Kit[]> {
  return await until('the kits are on', async () => {
    const { code, stdout } = await program.run('sim', 'ls', '--json');
    return code === 0 && (JSON.parse(stdout) as { kits: Kit[] }).kits;
  });
}

export async function kitNamed(program: Program, name: string): Promise<Kit> {
  const found = (await kits(program)).find(({ kit }) => kit === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
}

/** Everybody is watched: monitored, or degraded where this machine is too busy to be in time. */
export async function allWatched(nurse: SignedIn, count: number): Promise<void> {
  await until(`${count} patients are watched`, async () => {
    const { monitored, degraded, notMonitored } = (await nurse.get('/monitoring')).body.patients;
    return monitored + degraded === count && notMonitored === 0;
  });
}

const isAlertOf = (patient: string, family: string, state: string) => (event: StreamClient['events'][number]) =>
  event.event === 'alert' &&
  event.data.alert.patient?.id === patient &&
  event.data.alert.family === family &&
  event.data.alert.state === state;

/** Lets a kit's SpO2 fall and waits for the high alert. */
export async function desaturated(program: Program, stream: StreamClient, name: string) {
  const { patient } = await kitNamed(program, name);
  const { code, stderr } = await program.run('sim', 'desaturate', name);
  if (code !== 0) throw new Error(`sim desaturate ${name}: ${stderr}`);
  const isVeryLow = isAlertOf(patient, 'spo2-low', 'active');
  return await stream.find(
    'the alert',
    (event) => isVeryLow(event) && event.data.alert.rules.some(({ id }: { id: string }) => id === 'spo2-very-low'),
    120_000,
  );
}
