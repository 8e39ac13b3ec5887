/** Chance, so that a test can seed it. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** `n` random bytes; cryptographic in production. */
  bytes(n: number): Uint8Array;
}
