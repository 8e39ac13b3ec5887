// Who a connection is (BRK-AUTH): the token in its password, against the hash in `registry`. Class C.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Device } from '../../contract/index.ts';

/** Compared with where there is no such device, so that the answer takes as long. */
const nobodysHash = createHash('sha256').update('nobody').digest();

/** True if the token is the device's and the device may still speak. In constant time for every token. */
export function isTokenOf(device: Device | undefined, token: Uint8Array | undefined): boolean {
  const given = createHash('sha256')
    .update(token ?? new Uint8Array())
    .digest();
  const expected = device ? Buffer.from(device.tokenSha256, 'hex') : nobodysHash;
  const isEqual = timingSafeEqual(given, expected);
  return isEqual && device !== undefined && token !== undefined && !device.revoked;
}
