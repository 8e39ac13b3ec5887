// The console starts: settings, sign-in, then the screen that the address names. Without a session it says that nobody watches.
import { effect, signal } from '@preact/signals';
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { session, signIn } from './client.ts';
import { followStream, type Stream } from './follow.ts';
import { followHistory } from './history.ts';
import type { Patient } from './patient.tsx';
import { go, openRouter, route } from './router.ts';
import { followScreenSize } from './screen-size.ts';
import { openSettings, settings } from './settings.ts';
import { SignInForm } from './sign-in.tsx';
import { Wall, type WallProps } from './wall.tsx';
import { createWardView } from './ward-view.ts';
import { t } from './words.ts';

const root = document.getElementById('app') as HTMLElement;

/** The link's secret leaves the address before anything is drawn: it must not stand in history or in a picture. */
function takeLink(): string | null {
  const match = /^#link=(.+)$/.exec(location.hash);
  if (match) history.replaceState(null, '', location.pathname);
  return match?.[1] ?? null;
}

function Notice({ title, text, form }: { readonly title: string; readonly text: string; readonly form: boolean }) {
  return (
    <main class="notice">
      <h1>{title}</h1>
      <p>{text}</p>
      {form ? <SignInForm done={() => location.reload()} /> : null}
    </main>
  );
}

/** The version of the server when this page was loaded: its own. */
function versionOf(stream: Stream) {
  const own = signal<string | null>(null);
  effect(() => {
    const { version } = stream.heard.value.ward;
    if (own.peek() === null && version !== '') own.value = version;
  });
  return own;
}

const openPatient = (id: string) => go({ screen: 'patient', id });
const openWall = () => go({ screen: 'wall' });

/** Named by the bundle. */
declare const PATIENT_STYLE_URL: string;

/** The patient's screen, in files of its own, which come when it is first asked for. */
const loaded = signal<typeof Patient | null>(null);

function loadPatient(): void {
  Promise.all([import('./patient.tsx'), loadStyle(PATIENT_STYLE_URL)]).then(([part]) => {
    loaded.value = part.Patient;
    // Without those files the wall goes on, under its own address.
  }, openWall);
}

function loadStyle(href: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const link = Object.assign(document.createElement('link'), { rel: 'stylesheet', href });
  link.addEventListener('load', () => resolve());
  link.addEventListener('error', () => reject(new Error('the looks of the patient are not there')));
  document.head.append(link);
  return promise;
}

function PatientScreen(props: Omit<WallProps, 'openPatient'> & { readonly id: string }) {
  const Screen = loaded.value;
  useEffect(() => {
    if (loaded.peek() === null) loadPatient();
  }, []);
  // Until it is here the wall stands: nobody is unwatched for the sake of a file.
  if (Screen === null) return <Wall {...props} openPatient={openPatient} />;
  return <Screen {...props} openWall={openWall} openPatient={openPatient} />;
}

function App({ version, ...props }: Omit<WallProps, 'version'> & { readonly version: ReturnType<typeof versionOf> }) {
  const at = route.value;
  if (at.screen === 'patient')
    return <PatientScreen key={`${at.id} ${settings.value.language}`} id={at.id} {...props} version={version.value} />;
  return <Wall key={settings.value.language} {...props} version={version.value} openPatient={openPatient} />;
}

async function start(): Promise<void> {
  const link = takeLink();
  await openSettings();
  openRouter();
  const failed = link === null ? null : await signIn(link);
  const signedIn = await session();
  if (signedIn === null) {
    render(<Notice title={t('screen.notSignedIn')} text={failed ?? t('screen.notSignedInWhy')} form />, root);
    return;
  }
  const stream = followStream();
  const past = followHistory(stream);
  const view = createWardView(stream, settings, past);
  const isPhone = followScreenSize(settings);
  render(
    <App
      stream={stream}
      view={view}
      history={past}
      user={signedIn.name}
      version={versionOf(stream)}
      isPhone={isPhone}
    />,
    root,
  );
}

start().catch(() =>
  render(<Notice title={t('screen.serverSilent')} text={t('screen.serverSilentWhy')} form={false} />, root),
);
