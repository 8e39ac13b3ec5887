// The open alerts as rows of a list (console.md 3, rail). Rows of one technical cause stand as one, since one lost kit is one
// thing to do; no high alert and no patient is ever hidden by that (ALR-GROUP). Pure but for the language.
import { bandOf, causeWords, inListOrder, type Look, subjectOf } from './alert-look.ts';
import type { OpenAlert, Ward } from './fold.ts';
import type { BandView } from './look.ts';
import { duration, shortTime } from './times.ts';
import { bedOf } from './view-state.ts';
import type { AlertView, PatientView } from './wire.ts';
import { t } from './words.ts';

export interface RowLook {
  /** The same as long as the row stands for the same thing. */
  readonly key: string;
  /** The alert that a press is about: the worst that calls for a person. */
  readonly alert: AlertView;
  /** All that the row stands for, this one included. */
  readonly members: readonly AlertView[];
  readonly band: BandView;
  /** Empty: about no single patient. */
  readonly bed: string;
  readonly title: string;
  readonly number: string;
  readonly lines: readonly string[];
  /** A press can take it. */
  readonly canAcknowledge: boolean;
}

export interface RailLook {
  readonly alerts: readonly RowLook[];
  readonly technical: readonly RowLook[];
  readonly later: readonly RowLook[];
  readonly changed: readonly {
    readonly key: string;
    readonly bed: string;
    readonly what: string;
    readonly how: string;
  }[];
  readonly acknowledged: number;
}

export function railOf(ward: Ward, look: Look): RailLook {
  const entries = [...ward.alerts.values()];
  const alerts = entries.map(({ alert }) => alert);
  const isListed = ({ state }: AlertView) => state !== 'retrospective' && state !== 'paused';
  const single = (alert: AlertView) => rowOf([alert], ward, look, alerts);
  const bodies = inListOrder(alerts.filter((alert) => alert.kind === 'physiological' && isListed(alert)));
  const groups = grouped(alerts.filter((alert) => alert.kind === 'technical' && isListed(alert)));
  const rows = groups.map((members) => rowOf(members, ward, look, alerts));
  const order = inListOrder(rows.map(({ alert }) => alert));
  return {
    alerts: bodies.map(single),
    technical: order.flatMap((alert) => rows.filter((row) => row.alert === alert)),
    later: inListOrder(alerts.filter(({ state }) => state === 'retrospective')).map(single),
    changed: changedOf(ward, alerts, look),
    acknowledged: bodies.filter(({ state }) => state === 'acknowledged').length,
  };
}

/** Technical alerts of one cause together; a high one stands by itself. */
function grouped(alerts: readonly AlertView[]): AlertView[][] {
  const groups = new Map<string, AlertView[]>();
  for (const alert of inListOrder(alerts)) {
    const isAlone = alert.cause === null || alert.signalPriority === 'high';
    const key = isAlone ? alert.id : `cause ${alert.cause?.id}`;
    groups.set(key, [...(groups.get(key) ?? []), alert]);
  }
  return [...groups.values()];
}

function rowOf(members: readonly AlertView[], ward: Ward, look: Look, all: readonly AlertView[]): RowLook {
  const calling = members.find(({ state }) => state !== 'acknowledged');
  const alert = calling ?? (members[0] as AlertView);
  const entry = ward.alerts.get(alert.id) as OpenAlert;
  const tile = alert.patient && ward.tiles.get(alert.patient.id)?.value;
  const band = bandOf(entry, { ...look, measurements: (look.live && tile?.measurements) || [] });
  const patients = patientsOf(members, all);
  const [only] = patients;
  const one = patients.length === 1 ? only : undefined;
  const isGroup = members.length > 1;
  const subject = subjectOf(alert);
  return {
    key: isGroup ? `cause ${alert.cause?.id}` : alert.id,
    alert,
    members,
    band,
    bed: one ? bedOf(one.bed) : '',
    title: isGroup ? causeWords(alert.cause?.code ?? null) : band.what,
    number: isGroup ? '' : [band.number, band.number === subject.number ? band.unit : ''].join(' ').trim(),
    lines: linesOf(alert, members, band, patients, look),
    canAcknowledge: alert.state === 'active' || alert.state === 'latched',
  };
}

/** Those whom a row is about: its own, or those whose signals are lost for the same cause; each once. */
function patientsOf(members: readonly AlertView[], all: readonly AlertView[]): PatientView[] {
  const causes = new Set(members.filter(({ patient }) => patient === null).map(({ cause }) => cause?.id));
  const behind = all.filter(({ cause }) => cause !== null && causes.has(cause.id));
  const found = new Map<string, PatientView>();
  for (const { patient } of [...members, ...behind]) if (patient) found.set(patient.id, patient);
  return [...found.values()];
}

function linesOf(
  alert: AlertView,
  members: readonly AlertView[],
  band: BandView,
  patients: readonly PatientView[],
  look: Look,
): string[] {
  const [only] = patients;
  const who =
    patients.length === 1 && only
      ? `${only.name} ${only.mrn}`
      : patients.map(({ bed, name }) => `${bedOf(bed)} ${name}`).join('; ');
  const signals = members.filter(({ scope }) => scope.startsWith('source:')).length;
  const count = members.length > 1 && signals > 0 ? t('screen.signals', { count: signals }) : '';
  const marks = band.marks.map(({ text }) => text);
  const first = [who, count, ...marks].filter((part) => part !== '').join(' · ');
  return [first, takenText(alert, look)].filter((line) => line !== '');
}

function takenText({ acknowledged }: AlertView, { live, serverNow }: Look): string {
  if (!acknowledged) return '';
  const by = t('alert.by', { name: acknowledged.name, time: shortTime(acknowledged.at) });
  const again = t('alert.comesAgain', { time: duration(Date.parse(acknowledged.until) - serverNow) });
  return live ? `${by} · ${again}` : by;
}

/** What is off or changed stays visible until it is restored. */
function changedOf(ward: Ward, alerts: readonly AlertView[], look: Look): RailLook['changed'] {
  const altered = [...ward.tiles.values()].flatMap(({ value: { patient, alteredLimits } }) =>
    alteredLimits.map((family) => ({
      key: `${patient.id} ${family}`,
      bed: bedOf(patient.bed),
      what: t('screen.altered', { what: family.replaceAll('-', ' ') }),
      how: '',
    })),
  );
  const paused = alerts.filter(({ state }) => state === 'paused');
  return [
    ...altered,
    ...paused.map((alert) => {
      const { what, time } = bandOf({ n: 0, alert, said: null }, look);
      return { key: alert.id, bed: alert.patient ? bedOf(alert.patient.bed) : '', what, how: time };
    }),
  ];
}
