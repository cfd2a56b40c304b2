import { durationText } from './durations.js'
import { elementOf, setIcon, setText } from './elements.js'
import type { Screen, ShareState } from './shareState.js'
import type { Language } from './languages.js'
import type { Texts } from './texts.js'
import { clockText } from './words.js'

const icons: Readonly<Record<Screen | 'offline', string>> = {
  connecting: 'spinner',
  reconnecting: 'spinner',
  notBegun: 'clock',
  noPosition: 'pin',
  live: 'pin',
  busy: 'people',
  expired: 'hourglass',
  revoked: 'hidden',
  arrived: 'flag',
  invalid: 'broken',
  failed: 'warning',
  offline: 'offline',
}

const final: ReadonlySet<Screen> = new Set<Screen>(['expired', 'revoked', 'arrived', 'invalid', 'failed'])

/** The card that stands where there is no vehicle to see. Hidden while there is one. */
export function screenView(texts: Texts, language: Language) {
  const screen = elementOf('screen')
  const title = elementOf('screen-title')
  const text = elementOf('screen-text')
  const count = elementOf('screen-count')
  const note = elementOf('screen-note')
  const again = elementOf('again')
  let last: Screen | undefined

  return {
    /** `now` by the service's clock, `phoneNow` by the phone's. */
    show(state: ShareState, which: Screen, isOnline: boolean, now: number, phoneNow: number): void {
      const isOver = which === 'live' || which === 'arrived'
      screen.hidden = isOver
      elementOf('stage').toggleAttribute('inert', !isOver)
      if (isOver) {
        last = which
        return
      }
      const isOffline = !isOnline && (which === 'connecting' || which === 'reconnecting')
      const words = isOffline ? texts.offline : texts.screens[which]
      screen.dataset.screen = which
      setIcon(screen, icons[isOffline ? 'offline' : which])
      screen.classList.toggle('spinning', !isOffline && icons[which] === 'spinner')
      setText(title, words.title)
      setText(text, words.text)

      const { phase, notBefore, expiresAt } = state
      const retryMs = phase.name === 'waiting' ? phase.until - phoneNow : 0
      const begins = which === 'notBegun' && notBefore !== null ? notBefore : null
      count.hidden = begins === null
      if (begins !== null) setText(count, durationText(begins - now + 999))
      const notes = [
        begins === null ? '' : texts.begins(clockText(begins, now, language)),
        which === 'busy' && retryMs > 0 ? texts.retriesIn(durationText(retryMs + 999)) : '',
        which === 'noPosition' && expiresAt !== null
          ? `${texts.ends} ${texts.in(durationText(expiresAt - now + 999))}`
          : '',
      ].filter((each) => each !== '')
      note.hidden = notes.length === 0
      setText(note, notes.join(' · '))

      again.hidden = !(which === 'failed' || (phase.name === 'waiting' && retryMs > 1_000))
      setText(again, which === 'failed' ? texts.reload : texts.tryNow)
      // What ends is told at once to whoever can't see it change.
      if (which !== last && final.has(which)) title.focus({ preventScroll: true })
      last = which
    },
  }
}
