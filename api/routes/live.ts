// The route of the live stream. Class C. Invariants: who may open it is looked at again while it is open; a session has five at
// most. On failure: the connection closes, and the client tells by its own clock that it is not live.
import { apiPath, type EndReason, Id, type Lead, leadNames, routes, streamLeadsMax } from '../../contract/index.ts';
import type { ApiContext, App, Caller } from '../context.ts';
import { ProblemError } from '../errors.ts';
import { streamsMax, streamsPerSessionMax } from '../limits.ts';
import type { Sink } from '../live/client.ts';
import type { StreamRequest } from '../live/hub.ts';
import { refusalOf } from '../plugins/authorisation.ts';
import { about, clinical, patientOf } from './shared.ts';

/** The live stream (`interfaces.md` 5). */
export function addLiveRoutes(app: App, context: ApiContext): void {
  const { hub, sessions, projection } = context;
  const open = new Map<string, number>();

  app.get(
    `${apiPath}/stream`,
    {
      schema: routes['GET /stream'],
      config: { who: clinical, act: 'stream.open' },
    },
    (request, reply) => {
      const { caller, query } = request;
      const holder = caller.kind === 'user' ? caller.session.hash : 'local';
      if ((open.get(holder) ?? 0) >= streamsPerSessionMax || hub.counters.streams >= streamsMax)
        throw new ProblemError('rate', 'too many streams are open', { retryAfterS: 5 });
      const scope = scopeOf(query.scope, context);
      about(request, 'stream', query.scope, scope && 'patient' in scope ? scope.patient : null);
      const lastEventId = request.headers['last-event-id'];
      const wanted: StreamRequest = {
        scope,
        leads: leadsOf(query.waveform, context),
        lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined,
        ended: () => endedWhy(caller),
        onClose: () => {
          open.set(holder, (open.get(holder) ?? 1) - 1);
          if (open.get(holder) === 0) open.delete(holder);
        },
      };
      open.set(holder, (open.get(holder) ?? 0) + 1);
      reply.hijack();
      const { raw } = reply;
      raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream',
        'x-accel-buffering': 'no',
      });
      const sink: Sink = {
        write: (text) => raw.write(text),
        waitingBytes: () => raw.writableLength,
        end: (text) => raw.end(text),
        destroy: () => raw.destroy(),
        onDrain: (drained) => raw.on('drain', drained),
      };
      const client = hub.open(sink, wanted);
      raw.on('close', () => hub.close(client));
      raw.on('error', () => hub.close(client));
    },
  );

  /** Why a stream that was allowed must end. */
  const endedWhy = (caller: Caller): EndReason | undefined => {
    if (caller.kind !== 'user') return undefined;
    const session = sessions.byHash(caller.session.hash);
    if (!session) return 'signed-out';
    const user = projection.registry.get('user', session.user)?.body;
    const now: Caller = { ...caller, roles: user?.roles ?? [] };
    return refusalOf(now, clinical, false) === undefined ? undefined : 'rights';
  };
}

function scopeOf(scope: string, context: ApiContext): StreamRequest['scope'] {
  const [kind, id = ''] = scope.split(':');
  if (kind === 'unit') return { unit: Id.parse(id) };
  return kind === 'patient' ? { patient: patientOf(context, id).body.id } : undefined;
}

function leadsOf(waveform: readonly string[], context: ApiContext): StreamRequest['leads'] {
  if (waveform.length > streamLeadsMax) throw new ProblemError('malformed', `at most ${streamLeadsMax} leads`);
  return waveform.map((each) => {
    const [id = '', name = ''] = each.split(':');
    const lead = leadNames.find((known): known is Lead => known === name);
    if (!lead) throw new ProblemError('malformed', 'no such lead');
    return { patient: patientOf(context, id).body.id, lead };
  });
}
