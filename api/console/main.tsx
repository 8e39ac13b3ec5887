// The console starts: sign-in, then the wall. Without a session it says that nobody watches on this screen.
import { render } from 'preact';
import { session, signIn } from './client.ts';
import { followStream } from './follow.ts';
import { Wall } from './wall.tsx';

const root = document.getElementById('app') as HTMLElement;

/** The link's secret leaves the address before anything is drawn: it must not stand in history or in a picture. */
function takeLink(): string | null {
  const match = /^#link=(.+)$/.exec(location.hash);
  if (match) history.replaceState(null, '', location.pathname);
  return match?.[1] ?? null;
}

function notice(title: string, text: string): void {
  render(
    <main>
      <div class="notice">
        <h1>{title}</h1>
        <p>{text}</p>
      </div>
    </main>,
    root,
  );
}

async function start(): Promise<void> {
  const link = takeLink();
  const failed = link === null ? null : await signIn(link);
  const signedIn = await session();
  if (signedIn === null) {
    notice(
      'Vigil: not signed in',
      failed ??
        'Nobody watches on this screen. Open the link that "npm start" printed, or make another: npx vigil link',
    );
    return;
  }
  const stream = followStream();
  render(<Wall stream={stream} user={signedIn.name} />, root);
}

start().catch(() =>
  notice('Vigil: the server does not answer', 'Nobody watches on this screen. Load it again when the server is back.'),
);
