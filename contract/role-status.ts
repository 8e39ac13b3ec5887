/** What a running role says of itself; `system.ts` collects it each second for the watchdog thread and `vigil status`. */
export interface RoleStatus {
  readonly role: 'ingest' | 'store-writer' | 'alerting' | 'api';
  readonly state: 'starting' | 'ok' | 'degraded' | 'down' | 'stopping';
  /** Named causes of a state that is not ok. */
  readonly causes: readonly string[];
  /** Monotonic counters, kebab-case names; no patient or device in a name (SEC-LOG). */
  readonly counters: Readonly<Record<string, number>>;
  /** Present values, kebab-case names with the unit last. */
  readonly gauges: Readonly<Record<string, number>>;
}

/** A role that runs: its status on demand, and stopped by disposing of it. */
export interface RunningRole extends AsyncDisposable {
  status(): RoleStatus;
}

/** One line for operators on stderr: what happened, without patient identifiers or values. */
export type Announce = (level: 'info' | 'warning' | 'error', message: string) => void;
