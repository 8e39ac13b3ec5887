/** SHA-256 of a text, lower-case hex. */
export type Sha256 = (text: string) => string;

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** First 128 bits of a hex digest in lower-case base32 (RFC 4648, no padding): 26 characters. */
export function base32(hex: string): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const digit of hex.slice(0, 32)) {
    bits = (bits << 4) | Number.parseInt(digit, 16);
    held += 4;
    if (held >= 5) {
      held -= 5;
      text += alphabet[(bits >> held) & 31];
      bits &= (1 << held) - 1;
    }
  }
  return held === 0 ? text : text + alphabet[(bits << (5 - held)) & 31];
}

/** Id from content alone (`records.md` 2): a replay names the same thing alike, so it cannot raise it twice. */
export function contentId(prefix: 'a' | 'e', parts: readonly unknown[], sha256: Sha256): string {
  return `${prefix}-${base32(sha256(JSON.stringify(parts)))}`;
}
