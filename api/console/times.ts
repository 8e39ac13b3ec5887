// Instants and spans as people read them: 24 h clock where this screen stands, spans that count up.
import { t } from './words.ts';

const two = (n: number) => String(n).padStart(2, '0');

/** `14:02:11` here, of an instant as the server writes it or in ms. */
export function clockTime(instant: string | number): string {
  const at = new Date(instant);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** `14:02`. */
export function shortTime(instant: string | number): string {
  return clockTime(instant).slice(0, 5);
}

/** `0:42`, `12:05`, `1:02:05`. */
export function duration(ms: number): string {
  const { hours, minutes, seconds } = parts(ms);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** For the ear: the largest parts of it. */
export function spokenDuration(ms: number): string {
  const { hours, minutes, seconds } = parts(ms);
  if (hours > 0) return t('time.spokenHours', { hours, minutes });
  return minutes > 0 ? t('time.spokenMinutes', { minutes }) : t('time.spokenSeconds', { seconds });
}

/** `3 s`, `4 min`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  return seconds < 60 ? t('time.seconds', { count: seconds }) : t('time.minutes', { count: Math.floor(seconds / 60) });
}

function parts(ms: number) {
  const all = Math.max(0, Math.floor(ms / 1_000));
  return { hours: Math.floor(all / 3_600), minutes: Math.floor(all / 60) % 60, seconds: all % 60 };
}
