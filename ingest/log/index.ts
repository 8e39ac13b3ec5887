import type { EmbeddedLog, EmbeddedLogOptions, EmbeddedLogPorts } from './embedded.ts';

export { scanTopic } from './cat.ts';
export type { EmbeddedLog, EmbeddedLogOptions, EmbeddedLogPorts } from './embedded.ts';

export type LogOptions = { readonly driver: 'embedded' } & EmbeddedLogOptions;

/** Opens the log with the driver named; a driver's library is loaded only when it is chosen. */
export async function openLog(options: LogOptions, ports: EmbeddedLogPorts): Promise<EmbeddedLog> {
  const { openEmbeddedLog } = await import('./embedded.ts');
  return openEmbeddedLog(options, ports);
}
