import { compareTimes } from './merge.ts'

/** Where the reader of a log is. It is continued from the time of the last line, that line included: this tells the known lines from new ones. */
export class Position {
  time = ''
  #count = 0
  #known = 0
  #continuing = false

  /** The log is read again, from `time` or earlier on. */
  continue(): void {
    this.#continuing = this.time !== ''
    this.#known = this.#count
  }

  /** Takes in the next line. @returns Whether it is a new one. */
  take(time: string): boolean {
    if (this.#continuing && time !== '') {
      const order = compareTimes(time, this.time)
      if (order < 0 || (order === 0 && this.#known-- > 0)) return false
      this.#continuing = order === 0
    }
    if (time !== '') {
      this.#count = time === this.time ? this.#count + 1 : 1
      this.time = time
    }
    return true
  }
}
