import { type Signal, useSignal } from '@preact/signals'
import { type RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

const signals = new WeakMap<Element, Signal<boolean>>()
let observer: IntersectionObserver | undefined

/** Whether an element is in view: what changes each second need not be made anew for those that are not. */
export function useInView<E extends Element>(): [element: RefObject<E | null>, inView: Signal<boolean>] {
  const element = useRef<E>(null)
  const inView = useSignal(false)
  useEffect(() => {
    observer ??= new IntersectionObserver(entries => {
      for (const entry of entries) signals.get(entry.target)!.value = entry.isIntersecting
    })
    const target = element.current!
    signals.set(target, inView)
    observer.observe(target)
    return () => observer!.unobserve(target)
  }, [])
  return [element, inView]
}
