import { type Observable, Subject } from 'rxjs'
import { durationText } from './durations.js'
import { elementOf, setIcon, setText } from './elements.js'
import type { Screen, ShareState, Vehicle } from './shareState.js'
import type { Language } from './languages.js'
import type { Texts } from './texts.js'
import { clockText, headingText, heardText, mapsLink, placeText, silentAfterMs, speedText } from './words.js'

const soonMs = 60_000 // the last minute of a link is shown in another colour

/** What the panel below the map says of the chosen vehicle, and of the link. */
export function panelView(texts: Texts, language: Language) {
  const panel = elementOf('panel')
  const notice = elementOf('notice')
  const chooser = elementOf('chooser')
  const ends = elementOf('ends')
  const needle = elementOf('compass')
  const link = elementOf('open-in-maps')
  const choices$ = new Subject<string>()
  let wasArrived = false
  chooser.setAttribute('aria-label', texts.vehicles)
  panel.setAttribute('aria-label', texts.pageTitle)

  function showNotice(state: ShareState, which: Screen, isOnline: boolean): void {
    const isOpen = state.phase.name === 'open'
    const isArrived = which === 'arrived'
    const isOffline = !isOnline && !isOpen
    notice.hidden = isOpen && !isArrived
    if (notice.hidden) return
    const words = isArrived ? texts.screens.arrived : isOffline ? texts.offline : texts.screens.reconnecting
    setIcon(notice, isArrived ? 'flag' : isOffline ? 'offline' : 'spinner')
    notice.className = isArrived ? 'arrived' : isOffline ? 'offline' : 'spinning'
    setText(notice.querySelector('h2'), words.title)
    setText(notice.querySelector('p'), words.text)
    if (isArrived && !wasArrived) notice.focus({ preventScroll: true })
    wasArrived = isArrived
  }

  function showChooser(state: ShareState, chosen: string): void {
    const ids = [...new Set([...state.deviceIds, ...state.vehicles.keys()])]
    chooser.hidden = ids.length < 2
    if (chooser.hidden) return
    if (chooser.childElementCount !== ids.length) {
      chooser.replaceChildren(
        ...ids.map((id) => {
          const button = document.createElement('button')
          button.type = 'button'
          button.textContent = id
          button.onclick = () => choices$.next(id)
          return button
        }),
      )
    }
    for (const button of chooser.querySelectorAll('button')) {
      button.ariaPressed = String(button.textContent === chosen)
      button.disabled = !state.vehicles.has(button.textContent)
    }
  }

  return {
    choices$: choices$ as Observable<string>,
    show(state: ShareState, vehicle: Vehicle, which: Screen, isOnline: boolean, now: number): void {
      const { heading, heardAt, place, speed } = vehicle
      const isLive = state.phase.name === 'open'
      const isSilent = heardAt === null || now - heardAt > silentAfterMs
      panel.dataset.state = which === 'arrived' ? 'arrived' : isLive ? 'live' : 'stale'
      showNotice(state, which, isOnline)
      showChooser(state, vehicle.deviceId)
      const pill = elementOf('pill')
      pill.dataset.state = which === 'arrived' ? 'arrived' : !isLive || isSilent ? 'silent' : 'live'
      setText(
        elementOf('pill-text'),
        which === 'arrived' || !isLive ? texts.lastPlace : isSilent ? texts.silent : texts.live,
      )

      const left = state.expiresAt === null ? null : state.expiresAt - now
      ends.hidden = left === null || which === 'arrived'
      ends.classList.toggle('soon', left !== null && left < soonMs)
      if (left !== null && state.expiresAt !== null) {
        setText(elementOf('ends-text'), `${texts.endsBriefly} ${texts.in(durationText(left + 999))}`)
        ends.title = `${texts.ends}: ${clockText(state.expiresAt, now, language)}`
      }

      const [number = '', unit = ''] = speedText(speed, texts).split(' km')
      const parts = elementOf('speed')
      if (parts.dataset.value !== `${number}${unit}`) {
        parts.dataset.value = `${number}${unit}`
        const small = document.createElement('small')
        small.textContent = ` ${texts.speedUnit}`
        const isNumber = /^\d/.test(number)
        parts.replaceChildren(number, ...(isNumber ? [small] : []))
        parts.classList.toggle('word', !isNumber)
      }
      setText(elementOf('heading'), headingText(heading, texts))
      needle.toggleAttribute('hidden', heading === null)
      if (heading !== null) needle.style.setProperty('--heading', `${heading}deg`)
      setText(elementOf('heard'), heardText(heardAt, now, texts))
      elementOf('heard').classList.toggle('silent', isSilent)
      setText(elementOf('coordinates'), placeText(place, texts))
      const address = mapsLink(place, navigator.userAgent)
      if (link.getAttribute('href') !== address) link.setAttribute('href', address)
    },
  }
}
