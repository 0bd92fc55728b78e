import { useState } from 'preact/hooks'
import { query, navigate } from '../app/router.ts'
import { reason } from '../data/http.ts'
import { setUp, signIn } from '../data/session.ts'

/** Signs in, or with a set-up link makes the first user. */
export function SignIn({ first }: { first: boolean }) {
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  const [codeNeeded, setCodeNeeded] = useState(false)

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const form = new FormData(event.target as HTMLFormElement)
    const text = (name: string): string => String(form.get(name) ?? '')
    setBusy(true)
    setProblem('')
    try {
      if (first) {
        await setUp(query('token'), text('name'), text('password'))
        navigate('/', true)
      }
      if (await signIn(text('name'), text('password'), text('code'))) setCodeNeeded(true)
    } catch (error) {
      setProblem(reason(error))
    } finally {
      setBusy(false)
    }
  }

  return (
    <main class="sign-in">
      <form onSubmit={submit}>
        <img src="/icon.svg" alt="" width="48" height="48" />
        <h1>{first ? 'Welcome to DockMon' : 'DockMon'}</h1>
        <p class="quiet">{first ? 'Make the first user. It may do everything, and can add others later.' : 'Sign in to see your hosts.'}</p>
        <label>
          Name
          <input name="name" required autocomplete="username" autoFocus spellcheck={false} autocapitalize="none" />
        </label>
        <label>
          Password
          <input name="password" type="password" required minLength={first ? 12 : 1} autocomplete={first ? 'new-password' : 'current-password'} />
          {first && <small>At least 12 characters. A few words are better than signs.</small>}
        </label>
        {codeNeeded && (
          <label>
            Code of your authenticator app, or a recovery code
            <input name="code" required autoFocus inputMode="numeric" autocomplete="one-time-code" />
          </label>
        )}
        <button type="submit" class="primary" disabled={busy}>
          {busy ? 'One moment…' : first ? 'Make the user' : 'Sign in'}
        </button>
        <p class="problem" role="alert">
          {problem}
        </p>
      </form>
    </main>
  )
}
