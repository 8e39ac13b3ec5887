// The screen as a whole. It shows what the server judged; when the link is lost it shows no number as current.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Heard, Stream } from './follow.ts';
import { GlyphIcon } from './glyphs.tsx';
import { type Held, holdOf } from './held.ts';
import type { LinkState } from './link.ts';
import { Rail } from './rail.tsx';
import { say } from './say.ts';
import { TileCard } from './tile.tsx';
import { bannerOf, clockTime, columnsFor, systemDown, viewTile } from './view-state.ts';
import type { AlertView } from './wire.ts';

/** The whole screen: header, what cannot be watched, tiles in their places, open alerts. */
export function Wall({ stream, user }: { readonly stream: Stream; readonly user: string }) {
  const held = useSignal<Held | null>(null);
  const lostSince = useSignal<string | null>(null);
  const heard = stream.heard.value;
  const now = stream.now.value;
  const { link, ward } = heard;
  const live = link === 'live' || link === 'slow';
  const sinceHeard = Math.max(0, now - heard.heardAt);
  const serverNow = ward.server
    ? Date.parse(ward.server.value) + (heard.mono - ward.server.arrivedMono) + sinceHeard
    : Number.NaN;
  const since = (instant: string) => serverNow - Date.parse(instant);
  const down = systemDown(ward);
  const alerts = [...ward.alerts.values()].map(({ alert }) => alert);
  const banner = bannerOf(ward, link, lostSince.value);

  useEffect(() => {
    if (link === 'not-live') lostSince.value = ward.server ? clockTime(ward.server.value) : 'the start';
  }, [link]);
  useEffect(() => {
    if (banner) say('assertive', banner.title);
  }, [banner?.title]);
  useEffect(() => {
    document.title = titleOf(alerts, ward, live);
  });

  const looks = [...ward.tiles.values()].map(({ value, arrivedMono }) => {
    const own = alerts.filter((alert) => alert.patient?.id === value.patient.id);
    return viewTile(value, own, link, heard.mono - arrivedMono + sinceHeard, down);
  });
  looks.sort((a, b) => a.bed.localeCompare(b.bed, 'en', { numeric: true }) || a.id.localeCompare(b.id));
  return (
    <div class="page" data-live={live ? 'yes' : 'no'} data-link={link}>
      <Header heard={heard} live={live} user={user} serverNow={serverNow} />
      {banner ? (
        <section class="banner" aria-label="Safe state" data-testid="banner">
          <i class="hazard" />
          <p>
            <strong>{banner.title}</strong> <span>{banner.text}</span>
          </p>
          <i class="hazard" />
        </section>
      ) : (
        <div />
      )}
      {heard.signedOut ? <SignedOut /> : null}
      <main>
        <section class="wall" aria-label="Patients" data-columns={columnsFor(looks.length)}>
          {looks.map((look) => (
            <TileCard key={look.id} look={look} since={since} />
          ))}
          {looks.length === 0 ? <p class="fact">{live ? 'No patient in this unit.' : 'Not known'}</p> : null}
        </section>
        <Rail
          alerts={alerts}
          live={live}
          since={since}
          held={held.value}
          hold={(alert: AlertView | null) => (held.value = alert && holdOf(alert))}
        />
      </main>
    </div>
  );
}

function Header({
  heard,
  live,
  user,
  serverNow,
}: {
  readonly heard: Heard;
  readonly live: boolean;
  readonly user: string;
  readonly serverNow: number;
}) {
  const states = [...heard.ward.tiles.values()].map(({ value }) => value.monitoring.state);
  const down = systemDown(heard.ward) !== null;
  const count = (state: string) =>
    live
      ? down
        ? state === 'not-monitored'
          ? states.length
          : 0
        : states.filter((one) => one === state).length
      : '?';
  return (
    <header class="bar">
      <h1>Vigil {heard.ward.realm === 'test' ? <small>TEST, not for care</small> : null}</h1>
      <span class="space" />
      <span class="fact">
        <GlyphIcon name="dot" /> <b>{count('monitored')}</b> monitored
      </span>
      <span class="fact">
        <GlyphIcon name="ring" /> <b>{count('degraded')}</b> degraded
      </span>
      <span class="fact">
        <GlyphIcon name="cross" /> <b>{count('not-monitored')}</b> not monitored
      </span>
      <span class="fact">{linkWords(heard.link, heard.silentMs)}</span>
      <span class="fact">{user}</span>
      <span class="clock">
        {live && Number.isFinite(serverNow) ? clockTime(new Date(serverNow).toISOString()) : '--:--:--'}
      </span>
    </header>
  );
}

function linkWords(link: LinkState, silentMs: number): string {
  if (link === 'live') return 'live';
  return link === 'slow' ? `link slow ${Math.floor(silentMs / 1000)} s` : 'not live';
}

function SignedOut() {
  return (
    <section class="banner" aria-label="Signed out">
      <p>
        <strong>MONITORING ENDED ON THIS SCREEN</strong> <span>The session is over. Sign in again: npx vigil link</span>
      </p>
    </section>
  );
}

/** No name and no value: a title shows in places that nobody guards. */
function titleOf(alerts: readonly AlertView[], ward: Heard['ward'], live: boolean): string {
  if (!live) return 'X not live · Vigil';
  const high = alerts.filter((alert) => alert.state !== 'acknowledged' && alert.signalPriority === 'high').length;
  const lost = [...ward.tiles.values()].filter(({ value }) => value.monitoring.state === 'not-monitored').length;
  return [...(high > 0 ? [`!!! ${high}`] : []), ...(lost > 0 ? [`X ${lost}`] : []), 'Vigil'].join(' · ');
}
