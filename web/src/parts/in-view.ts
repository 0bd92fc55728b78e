import { batch, type Signal, useSignal } from '@preact/signals'
import { type RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

const signals = new WeakMap<Element, Signal<boolean>>()

/** Who scrolls finds it ready. The types of browsers do not have it yet. */
const margins: IntersectionObserverInit & { scrollMargin: string } = { scrollMargin: '50% 0px' }

let observer: IntersectionObserver | undefined

/** Whether an element is in view, or nearly: what is in it need not be made, and made anew each second, for those that are not. */
export function useInView<E extends Element>(): [element: RefObject<E | null>, inView: Signal<boolean>] {
  const element = useRef<E>(null)
  const inView = useSignal(false)
  useEffect(() => {
    observer ??= new IntersectionObserver(
      entries => {
        batch(() => {
          for (const entry of entries) signals.get(entry.target)!.value = entry.isIntersecting
        })
      },
      margins,
    )
    const target = element.current!
    signals.set(target, inView)
    observer.observe(target)
    return () => observer!.unobserve(target)
  }, [])
  return [element, inView]
}
