// What a screen says of itself at its head: unit, how many are watched, the server's clock; and below it, when not all are, why.
import type { ComponentChildren } from 'preact';
import { GlyphIcon } from './glyphs.tsx';
import type { Glyph } from './look.ts';
import { Rich } from './rich.tsx';
import { duration } from './times.ts';
import type { Head, WardView } from './ward-view.ts';
import { t } from './words.ts';

interface HeaderProps {
  readonly view: WardView;
  /** Version of the page itself: another one of the server is ready to be loaded. */
  readonly version: string | null;
  readonly children?: ComponentChildren;
  /** There is little room. */
  readonly phone?: boolean;
  /** Units of the numbers, where the tiles have no room for them. */
  readonly units: boolean;
}

export function Header({ view, version, children, units, phone = false }: HeaderProps) {
  const head = view.head.value;
  const { realm, unit, clock, live } = head;
  return (
    <header class="bar">
      <h1>
        Vigil
        {unit === '' ? null : <small>{t('screen.unit', { unit })}</small>}
        {realm === 'test' ? <em>{t(phone ? 'screen.testShort' : 'screen.test')}</em> : null}
      </h1>
      <span class="space" />
      {units ? (
        <span class="fact units">
          <Rich text={t('screen.fullNames')} />
        </span>
      ) : null}
      {live && version !== null && head.version !== version ? (
        <button type="button" onClick={() => location.reload()}>
          {t('screen.update')}
        </button>
      ) : null}
      <Coverage view={view} head={head} />
      {children}
      <time class="clock">{clock}</time>
    </header>
  );
}

function Coverage({ view, head }: { readonly view: WardView; readonly head: Head }) {
  const coverage = view.coverage.value;
  if (coverage === null)
    return (
      <div class="coverage">
        <Fact glyph="cross" count={t('screen.linkLost', { time: head.lostSince ?? '' })} words="" />
      </div>
    );
  const { monitored, degraded, notMonitored } = coverage;
  const all = monitored + degraded + notMonitored;
  const isCalm = monitored === all && all > 0;
  return (
    <div class="coverage">
      {head.link === 'slow' ? (
        <Fact
          glyph="ring"
          count={t('screen.linkSlow', { time: t('time.seconds', { count: head.silentS }) })}
          words=""
        />
      ) : null}
      {isCalm ? (
        <Fact glyph="dot" count={t('screen.monitoredAll', { count: all })} words={t('screen.monitored')} />
      ) : (
        <>
          <Fact glyph="dot" count={String(monitored)} words={t('screen.monitored')} />
          <Fact glyph="ring" count={String(degraded)} words={t('screen.degraded')} />
          <Fact glyph="cross" count={String(notMonitored)} words={t('screen.notMonitored')} />
        </>
      )}
    </div>
  );
}

function Fact({ glyph, count, words }: { readonly glyph: Glyph; readonly count: string; readonly words: string }) {
  return (
    <span class="fact">
      <GlyphIcon name={glyph} />
      <b>{count}</b>
      {words === '' ? null : <span class="words">{words}</span>}
    </span>
  );
}

interface BannerProps {
  readonly view: WardView;
  readonly show: (id: string) => void;
  readonly retry: () => void;
  /** Signing in again, where the session ended. */
  readonly signIn: ComponentChildren;
}

/** What cannot be watched, and why. It cannot be dismissed. */
export function SafeState({ view, show, retry, signIn }: BannerProps) {
  const banner = view.banner.value;
  if (banner === null) return null;
  const target = banner.show;
  return (
    <section class="safe" data-kind={banner.kind} aria-label={t('safety.banner')} data-testid="banner">
      <i class="hazard" />
      <div class="words">
        <strong>{banner.title}</strong>
        <span class="why">
          <Rich text={banner.text} />
        </span>
      </div>
      {target ? (
        <button type="button" onClick={() => show(target.id)}>
          {t('safety.show', { bed: target.bed })}
        </button>
      ) : null}
      {banner.kind === 'not-live' ? (
        <button type="button" onClick={retry}>
          {t('screen.tryNow')}
        </button>
      ) : null}
      {banner.kind === 'ended' ? signIn : null}
      <i class="hazard" />
    </section>
  );
}

/** How the link stands, in words with its time. */
export function linkWords({ link, live, silentS, lostSince }: Head): string {
  if (!live) return t('screen.noLink', { time: lostSince ?? t('safety.serverStarting') });
  if (link === 'slow') return t('screen.linkSlow', { time: duration(silentS * 1_000) });
  return t('screen.live');
}
