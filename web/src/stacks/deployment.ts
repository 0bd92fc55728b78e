import { useEffect, useRef, useState } from 'preact/hooks'
import { get } from '../data/http.ts'
import { listen, onGap } from '../data/live.ts'
import { later } from '../data/operations.ts'
import { reader } from '../data/retry.ts'
import { isOfStack, type Operation } from '../data/stacks.ts'
import { nothingYet, takeEnd, takeProgress, type EndEvent, type Names, type Progress, type ProgressEvent } from './progress.ts'

/** The newest deployment of a stack, and how far it is. */
export interface Deployment {
  operation: Operation | undefined
  progress: Progress
  /** Takes in the answer to a request that began one. */
  begun: (operation: Operation) => void
}

/** Deployments whose progress is kept: what an agent tells may arrive before the answer that names it. */
const MOST_KEPT = 20

/** Follows the deployments of a stack, whoever began them. */
export function useDeployment(hostId: string, name: string, names: Names): Deployment {
  const [operation, setOperation] = useState<Operation>()
  const [, setCount] = useState(0)
  const progress = useRef(new Map<string, Progress>())
  const now = useRef(names)
  now.current = names

  useEffect(() => {
    const stop = new AbortController()
    const take = (item: Operation): void =>
      setOperation(old => (old?.id === item.id ? later(old, item) : old && old.started_at > item.started_at ? old : item))
    const readOnce = async (): Promise<void> => {
      const list = await get<Operation[]>(`/api/operations?host=${encodeURIComponent(hostId)}&limit=200`, stop.signal)
      const newest = list.find(item => item.subject === name && isOfStack(item))
      if (newest) take(newest)
    }
    const read = reader(readOnce, problem => problem && console.info('no operations of', hostId, problem), stop.signal)
    read()
    const keep = (id: string, change: (old: Progress) => Progress): void => {
      const old = progress.current.get(id) ?? nothingYet
      progress.current.delete(id)
      progress.current.set(id, change(old))
      for (const other of progress.current.keys()) if (progress.current.size > MOST_KEPT) progress.current.delete(other)
      setCount(count => count + 1)
    }
    const leave = listen(event => {
      if (event.hostId !== hostId) return
      if (event.name === 'operation_changed') {
        const changed = event.data as Operation
        if (changed.subject === name && isOfStack(changed)) take(changed)
      } else if (event.name === 'deploy_progress') {
        const told = event.data as ProgressEvent & { deployment_id: string }
        keep(told.deployment_id, old => takeProgress(old, told, now.current))
      } else if (event.name === 'deploy_complete') {
        const end = event.data as EndEvent & { deployment_id: string }
        keep(end.deployment_id, old => takeEnd(old, end))
      }
    })
    const ungap = onGap(read)
    return () => {
      stop.abort()
      leave()
      ungap()
    }
  }, [hostId, name])

  return {
    operation,
    progress: (operation && progress.current.get(operation.id)) ?? nothingYet,
    // Its end may have been told before the answer came.
    begun: answer => setOperation(old => (old?.id === answer.id ? old : answer)),
  }
}
