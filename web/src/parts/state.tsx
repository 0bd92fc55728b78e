/** A container's state in words, with a colour; an unhealthy one is told before that it runs. */
export function State({ state, health }: { state: string; health: string }) {
  const [word, kind] = describe(state, health)
  return <span class={'state ' + kind}>{word}</span>
}

export function describe(state: string, health: string): [word: string, kind: 'good' | 'bad' | 'warn' | 'idle'] {
  if (state === 'running') {
    if (health === 'unhealthy') return ['unhealthy', 'bad']
    if (health === 'starting') return ['starting', 'warn']
    return [health === 'healthy' ? 'healthy' : 'running', 'good']
  }
  return [state || 'unknown', state === 'restarting' || state === 'dead' ? 'bad' : state === 'paused' ? 'warn' : 'idle']
}
