// A patient's ECG on a tile: the lead's sweep, and beside it the same for who listens.
import { useEffect, useRef } from 'preact/hooks';
import { signalName } from './alert-look.ts';
import { mountStrip } from './ecg-strip.ts';
import { type Stream, serverTime } from './follow.ts';
import { clockTime } from './times.ts';
import { t } from './words.ts';

interface StripProps {
  readonly stream: Stream;
  readonly patient: string;
  readonly lead: string;
  readonly live: boolean;
}

/** On a tile the sweep is short, so that a beat is seen from afar. */
const seconds = 4;

export function Strip({ stream, patient, lead, live }: StripProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const strip = useRef<ReturnType<typeof mountStrip> | null>(null);
  useEffect(() => {
    if (!canvas.current) return;
    const mounted = mountStrip(canvas.current, {
      seconds,
      serverNow: () => serverTime(stream.heard.peek(), performance.now()),
      holeWords: (sinceMs) =>
        Number.isNaN(sinceMs) ? t('state.noWave') : t('state.noWaveSince', { time: clockTime(sinceMs) }),
    });
    strip.current = mounted;
    const stop = stream.takeWave(patient, lead, (block) => mounted.push(block));
    return () => {
      stop();
      mounted.dispose();
      strip.current = null;
    };
  }, [stream, patient, lead]);
  useEffect(() => strip.current?.live(live), [live]);
  return (
    <div class="strip">
      <canvas ref={canvas} data-lead={lead} />
      <span class="unseen">{t('state.wave', { lead: signalName(lead) })}</span>
    </div>
  );
}
