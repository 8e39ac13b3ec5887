// Signing in again where a session ended: the link goes in here, and never into the address.
import { useState } from 'preact/hooks';
import { signIn } from './client.ts';
import { t } from './words.ts';

export function SignInForm({ done }: { readonly done: () => void }) {
  const [link, setLink] = useState('');
  const [said, setSaid] = useState('');
  const send = async (event: Event) => {
    event.preventDefault();
    const secret = /#link=(.+)$/.exec(link)?.[1] ?? link;
    const failed = await signIn(secret.trim()).catch(() => t('screen.serverSilent'));
    setSaid(failed ?? '');
    setLink('');
    if (failed === null) done();
  };
  return (
    <form class="sign-in" onSubmit={send}>
      <label>
        {t('screen.signInLink')}
        <input
          type="password"
          autocomplete="off"
          value={link}
          onInput={({ currentTarget }) => setLink(currentTarget.value)}
        />
      </label>
      <button type="submit">{t('screen.signIn')}</button>
      {said === '' ? null : <p role="alert">{said}</p>}
    </form>
  );
}
