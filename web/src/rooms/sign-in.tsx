import { useSignal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { query, navigate } from '../app/router.ts'
import { get, Problem, reason, Unreachable } from '../data/http.ts'
import type { Schema } from '../data/schema.ts'
import { ended, me, setUp, signIn, signInElsewhere } from '../data/session.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Icon } from '../parts/icons.tsx'
import { sentence, visible } from '../parts/text.ts'

/** Signs in, or with a set-up link makes the first user. */
export function SignIn({ first }: { first: boolean }) {
  return (
    <main class="sign-in">
      <SignInForm
        first={first}
        title={first ? 'Welcome to DockMon' : 'DockMon'}
        text={first ? 'Make the first user. It may do everything, and can add others later.' : 'Sign in to see your hosts.'}
      />
    </main>
  )
}

/** Asks to sign in again when the session has ended, above what was shown: it is still there afterwards. */
export function SignInAgain() {
  const asking = useSignal(true)
  useEffect(() => {
    asking.value = true
  }, [ended.value])
  if (!ended.value) return null
  if (asking.value) {
    return (
      <Dialog
        label="Sign in again"
        class="sign-in"
        onClose={() => {
          asking.value = false
        }}
      >
        <SignInForm first={false} name={me.value?.name ?? ''} title="Your session has ended" text="Sign in again: you stay where you are." />
      </Dialog>
    )
  }
  return (
    <div class="stale above-all">
      <Icon name="warn" />
      <span role="alert">Your session has ended: what is shown is not followed any more.</span>
      <button
        type="button"
        onClick={() => {
          asking.value = true
        }}
      >
        Sign in again
      </button>
    </div>
  )
}

function SignInForm({ first, title, text, name: known = '' }: { first: boolean; title: string; text: string; name?: string }) {
  const [name, setName] = useState(known)
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [step, setStep] = useState<'password' | 'code' | 'recovery'>('password')
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  const [wait, setWait] = useState(0)
  const [elsewhere, setElsewhere] = useState(false)

  useEffect(() => {
    const stop = new AbortController()
    get<Schema<'HealthAnswer'>>('/health', stop.signal).then(
      health => setElsewhere(health.oidc === true),
      (error: unknown) => {
        if (!stop.signal.aborted) console.info('not known whether there is a provider to sign in with:', error)
      },
    )
    return () => stop.abort()
  }, [])
  useEffect(() => {
    if (wait <= 0) return
    const timer = setTimeout(() => setWait(wait - 1), 1000)
    return () => clearTimeout(timer)
  }, [wait])

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setProblem('')
    try {
      if (first) {
        await setUp(query('token'), name, password)
        navigate('/', true)
      }
      if (await signIn(name, password, code.trim())) setStep('code')
    } catch (error) {
      setProblem(wordsFor(error, step))
      if (error instanceof Problem && error.status === 429) setWait(Math.ceil(error.wait))
      setCode('')
    } finally {
      setBusy(false)
    }
  }
  const back = (): void => {
    setStep('password')
    setCode('')
    setProblem('')
  }

  return (
    <form onSubmit={submit}>
      <img src="/icon.svg" alt="" width="48" height="48" />
      <h1>{title}</h1>
      {step === 'password' ? (
        <>
          <p class="quiet">{text}</p>
          <label>
            Name
            <input
              required
              autocomplete="username"
              autoFocus={known === ''}
              spellcheck={false}
              autocapitalize="none"
              value={name}
              onInput={event => setName(event.currentTarget.value)}
            />
          </label>
          <label>
            Password
            <input
              type="password"
              required
              autoFocus={known !== ''}
              minLength={first ? 12 : 1}
              autocomplete={first ? 'new-password' : 'current-password'}
              value={password}
              onInput={event => setPassword(event.currentTarget.value)}
            />
            {first && <small>At least 12 characters. A few words are better than signs.</small>}
          </label>
        </>
      ) : (
        <>
          <p class="quiet">
            Signing in as <b>{visible(name)}</b>
          </p>
          <label key={step}>
            {step === 'code' ? 'Code of your authenticator app' : 'Recovery code'}
            <input
              required
              autoFocus
              class="code"
              inputMode={step === 'code' ? 'numeric' : 'text'}
              autocomplete="one-time-code"
              autocapitalize="none"
              spellcheck={false}
              value={code}
              onInput={event => setCode(event.currentTarget.value)}
            />
            {step === 'recovery' && <small>One of the ten that were shown when the app was set up. Each is good once.</small>}
          </label>
        </>
      )}
      <p class="problem" role="alert">
        {problem}
        {wait > 0 && ` Try again in ${wait} s.`}
      </p>
      <button type="submit" class="primary" disabled={busy || wait > 0}>
        {busy ? 'One moment…' : first ? 'Make the user' : step === 'password' ? 'Sign in' : 'Go on'}
      </button>
      {step !== 'password' && (
        <p class="more">
          <button type="button" class="link" onClick={() => setStep(step === 'code' ? 'recovery' : 'code')}>
            {step === 'code' ? 'Use a recovery code' : 'Use the app'}
          </button>
          <button type="button" class="link" onClick={back}>
            Back
          </button>
        </p>
      )}
      {elsewhere && !first && step === 'password' && (
        <>
          <p class="or">or</p>
          <button type="button" class="wide-button" onClick={signInElsewhere}>
            Sign in with your organization
          </button>
        </>
      )}
    </form>
  )
}

/** Why it did not work, in words that say what to do. */
export function wordsFor(error: unknown, step: 'password' | 'code' | 'recovery'): string {
  if (error instanceof Unreachable) return 'The hub does not answer. Try again in a moment.'
  if (!(error instanceof Problem)) return sentence(reason(error))
  if (error.status === 429) return 'Too many wrong tries.'
  if (error.status !== 401) return sentence(reason(error))
  return step === 'password'
    ? 'The name or the password is wrong.'
    : step === 'code'
      ? 'The code is wrong, or was used already: wait for the next one.'
      : 'This is no recovery code, or it was used already.'
}
