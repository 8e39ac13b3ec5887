// Ids of patients and devices as integers, given once and for good. Like identities, what a write adds is staged until its
// transaction is committed.

export class NameCodes {
  readonly #codes = new Map<string, number>();
  readonly #names: string[] = [];

  /** Takes in what the database holds, in order of code. */
  load(name: string): void {
    this.#codes.set(name, this.#names.push(name) - 1);
  }

  codeOf(name: string): number | undefined {
    return this.#codes.get(name);
  }

  nameOf(code: number): string {
    return this.#names[code] as string;
  }

  /** Codes of the names, in their order, and those that are new. */
  stage(names: readonly string[]): StagedNames {
    const fresh: string[] = [];
    const codes = names.map((name) => this.#codes.get(name) ?? this.#names.length + fresh.push(name) - 1);
    const first = this.#names.length;
    return { codes, fresh, first, commit: () => this.#add(fresh) };
  }

  #add(names: readonly string[]): void {
    for (const name of names) this.load(name);
  }
}

export interface StagedNames {
  readonly codes: readonly number[];
  /** New names; their codes count from `first`. */
  readonly fresh: readonly string[];
  readonly first: number;
  commit(): void;
}
