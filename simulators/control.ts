import { join } from 'node:path';
import { z } from 'zod';
import { callLocal, type LocalAnswer, serveLocal } from './local-http.ts';
import type { KitView, Ward } from './ward.ts';

/** Where `sim ls`, `stop`, `start` and `desaturate` reach a running `sim run`. */
export function controlSocket(dataFolder: string): string {
  return join(dataFolder, 'sim', 'control.sock');
}

const Command = z.discriminatedUnion('act', [
  z.strictObject({ act: z.literal('start'), name: z.string() }),
  z.strictObject({ act: z.literal('stop'), name: z.string(), how: z.enum(['stopped', 'silent']) }),
  z.strictObject({ act: z.literal('desaturate'), name: z.string(), to: z.number().min(50).max(100) }),
]);
/** What a person may do to a kit by hand; `name`: the kit, its device or its patient. */
export type ControlCommand = z.infer<typeof Command>;

const View: z.ZodType<KitView> = z.object({
  kit: z.string(),
  patient: z.string(),
  device: z.string(),
  state: z.enum(['on', 'off']),
  boot: z.number().nullable(),
  connected: z.boolean(),
  waiting: z.number(),
  acknowledged: z.number(),
});

/**
 * Lets other processes of the same user look at the ward and switch its kits. The socket is also what makes the folder
 * ours: two wards with the same kits would throw each other off the broker.
 */
export function startControl(dataFolder: string, wardNow: () => Ward | undefined): Promise<AsyncDisposable> {
  return serveLocal(controlSocket(dataFolder), async (method, path, body) => {
    const ward = wardNow();
    if (!ward) return { status: 503, body: { message: 'the kits are not on yet' } };
    if (method === 'GET' && path === '/kits') return { status: 200, body: ward.kits() };
    if (method === 'POST' && path === '/kits') return await obey(ward, body);
    return { status: 404, body: { message: `no ${method} ${path}` } };
  });
}

async function obey(ward: Ward, body: unknown): Promise<LocalAnswer> {
  const parsed = Command.safeParse(body);
  if (!parsed.success) return { status: 422, body: { message: z.prettifyError(parsed.error) } };
  const command = parsed.data;
  const kit = ward.find(command.name)?.kit;
  if (kit === undefined) return { status: 404, body: { message: `no kit, device or patient ${command.name}` } };
  if (command.act === 'start') await ward.start(kit);
  else if (command.act === 'stop') await ward.stop(kit, command.how);
  else ward.desaturate(kit, command.to);
  return { status: 200, body: ward.find(kit) };
}

/** All kits of the running ward. */
export async function askKits(dataFolder: string): Promise<readonly KitView[]> {
  return z.array(View).parse(await callLocal(controlSocket(dataFolder), 'GET', '/kits'));
}

/** Does it, and gives the kit as it is then. */
export async function command(dataFolder: string, act: ControlCommand): Promise<KitView> {
  return View.parse(await callLocal(controlSocket(dataFolder), 'POST', '/kits', act));
}
