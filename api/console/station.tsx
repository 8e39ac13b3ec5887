// This station, at the foot of the list: its link, that it has no sound, and what a person may choose for it.
import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { GlyphIcon } from './glyphs.tsx';
import { linkWords } from './header.tsx';
import { choose, settings, sizes } from './settings.ts';
import type { WardView } from './ward-view.ts';
import { type Language, languages, t } from './words.ts';

interface StationProps {
  readonly view: WardView;
  readonly user: string;
  readonly phone: boolean;
  readonly children?: ComponentChildren;
}

export function Station({ view, user, phone, children }: StationProps) {
  const head = view.head.value;
  return (
    <section class="station" id="station" aria-label={t('screen.station')}>
      <h2 tabIndex={-1}>{t('screen.station')}</h2>
      <p>
        <GlyphIcon name={!head.live ? 'cross' : head.link === 'slow' ? 'ring' : 'dot'} />
        <span>{linkWords(head)}</span>
      </p>
      <p>
        <GlyphIcon name="no-sound" />
        <span>{t('screen.noSound')}</span>
      </p>
      {phone ? <p>{t('screen.phone')}</p> : null}
      <p class="user">{t('screen.user', { name: user })}</p>
      {children ? <div class="more">{children}</div> : null}
    </section>
  );
}

/** Which sheet of the screen itself is open. */
export type Panel = 'settings' | 'keys' | null;

export function PanelSheet({ panel }: { readonly panel: Signal<Panel> }) {
  const box = useRef<HTMLElement>(null);
  const which = panel.value;
  useEffect(() => {
    if (which === null) return;
    const before = document.activeElement;
    box.current?.querySelector<HTMLElement>('button')?.focus();
    return () => (before instanceof HTMLElement && before.isConnected ? before.focus() : undefined);
  }, [which]);
  if (which === null) return null;
  const close = () => {
    panel.value = null;
  };
  return (
    <section
      class="sheet panel"
      role="dialog"
      aria-label={t(which === 'keys' ? 'keys.title' : 'screen.settings')}
      ref={box}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        close();
      }}
    >
      <div class="head">
        <h2>{t(which === 'keys' ? 'keys.title' : 'screen.settings')}</h2>
        <button type="button" onClick={close}>
          {t('act.close')}
        </button>
      </div>
      <div class="inside">{which === 'keys' ? <Keys /> : <Choices />}</div>
    </section>
  );
}

function Choices() {
  const { theme, size, language, keys } = settings.value;
  const at = sizes.indexOf(size);
  return (
    <>
      <Choice name={t('screen.theme')}>
        <Pick on={theme === 'dark'} text={t('screen.dark')} pick={() => choose({ theme: 'dark' })} />
        <Pick on={theme === 'light'} text={t('screen.light')} pick={() => choose({ theme: 'light' })} />
      </Choice>
      <Choice name={`${t('screen.size')} ${size} %`}>
        <Pick text={t('screen.smaller')} pick={() => choose({ size: sizes[Math.max(0, at - 1)] ?? size })} />
        <Pick text={t('screen.larger')} pick={() => choose({ size: sizes[at + 1] ?? size })} />
      </Choice>
      <Choice name={t('screen.language')}>
        {languages.map((one) => (
          <Pick
            key={one}
            on={language === one}
            text={t(names[one])}
            lang={one}
            pick={() => choose({ language: one })}
          />
        ))}
      </Choice>
      <Choice name={t('keys.single')}>
        <Pick on={keys} text={t('screen.on')} pick={() => choose({ keys: true })} />
        <Pick on={!keys} text={t('screen.off')} pick={() => choose({ keys: false })} />
      </Choice>
    </>
  );
}

const names: Readonly<Record<Language, 'screen.language.en' | 'screen.language.de'>> = {
  en: 'screen.language.en',
  de: 'screen.language.de',
};

function Choice({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <fieldset class="choice">
      <legend>{name}</legend>
      <div class="picks">{children}</div>
    </fieldset>
  );
}

interface PickProps {
  readonly on?: boolean;
  readonly text: string;
  readonly lang?: string;
  readonly pick: () => void;
}

function Pick({ on, text, lang, pick }: PickProps) {
  return (
    <button type="button" aria-pressed={on} lang={lang} onClick={pick}>
      {text}
    </button>
  );
}

const list = [
  ['↑ ↓ ← →', 'keys.arrows'],
  ['Enter', 'keys.open'],
  ['A', 'keys.acknowledge'],
  ['0', 'keys.worst'],
  ['1 - 9', 'keys.bed'],
  ['G W', 'keys.go'],
  ['+ -', 'keys.size'],
  ['T E L', 'keys.parts'],
  ['F', 'keys.freeze'],
  ['[ ]', 'keys.range'],
  ['N', 'keys.next'],
  ['Esc', 'keys.close'],
  ['?', 'keys.help'],
] as const;

function Keys() {
  return (
    <dl class="keys">
      {list.map(([key, does]) => (
        <div key={key}>
          <dt>
            <kbd>{key}</kbd>
          </dt>
          <dd>{t(does)}</dd>
        </div>
      ))}
    </dl>
  );
}
