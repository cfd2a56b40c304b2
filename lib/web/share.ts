// The page that a stranger opens from a share link: `/share#<token>`.
import {
  animationFrameScheduler,
  auditTime,
  BehaviorSubject,
  combineLatest,
  defer,
  distinctUntilChanged,
  filter,
  fromEvent,
  interval,
  map,
  merge,
  type Observable,
  of,
  scan,
  startWith,
  Subject,
  switchMap,
} from 'rxjs'
import { askShare } from './askShare.js'
import { elementOf, setText } from './elements.js'
import { type PageSettings, readPageSettings } from './pageSettings.js'
import { panelView } from './panelView.js'
import { screenView } from './screenView.js'
import { shareMap } from './shareMap.js'
import type { ShareNews } from './shareNews.js'
import { shareSocket } from './shareSocket.js'
import { firstState, nextState, screenOf, type ShareState } from './shareState.js'
import { shareStream } from './shareStream.js'
import { shareTokenOf } from './shareToken.js'
import { languageOf, textsIn } from './languages.js'
import { silenceText, silentAfterMs } from './words.js'

const language = languageOf(navigator.languages)
const texts = textsIn[language]
const settings = readPageSettings(document)
const stillness = window.matchMedia('(prefers-reduced-motion: reduce)')

document.documentElement.lang = language
for (const element of document.querySelectorAll<HTMLElement>('[data-text]')) {
  const text = texts[element.dataset.text as keyof typeof texts]
  if (typeof text === 'string') setText(element, text)
}

const again$ = new Subject<void>()
const screens = screenView(texts, language)
const panel = panelView(texts, language)
const chart = shareMap({
  element: elementOf('map'),
  locator: elementOf('locator'),
  settings,
  texts,
  isStill: () => stillness.matches,
})
const chosen$ = new BehaviorSubject<string | undefined>(undefined)

/** The phone is back: online, its screen on, or its owner impatient. */
const wakes$ = merge(
  fromEvent(window, 'online'),
  fromEvent(window, 'pageshow'),
  fromEvent(document, 'visibilitychange').pipe(filter(() => document.visibilityState === 'visible')),
  again$,
)

const online$ = merge(fromEvent(window, 'online'), fromEvent(window, 'offline')).pipe(
  startWith(undefined),
  map(() => navigator.onLine),
)

/** All that becomes of the link in the address, and of another one that is opened in its place. */
const state$ = fromEvent(window, 'hashchange').pipe(
  startWith(undefined),
  map(() => shareTokenOf(location.hash)),
  distinctUntilChanged(),
  switchMap((token) => newsOf(token, settings).pipe(scan(nextState, firstState), startWith(firstState))),
)

function newsOf(token: string | null, { keepAliveMs }: PageSettings): Observable<ShareNews> {
  if (token === null) return of({ type: 'ended', ending: 'invalid' })
  return shareStream({
    answerSelector: () => askShare(token),
    socketSelector: (probes$) => shareSocket(token, probes$),
    wakes$,
    keepAliveMs,
  })
}

/** A second hand, since all counts go by whole seconds. */
const ticks$ = defer(() => interval(1_000)).pipe(startWith(0))

combineLatest([state$, online$, chosen$, ticks$])
  // Not more often than the screen is drawn, however fast the vehicle reports.
  .pipe(auditTime(0, animationFrameScheduler))
  .subscribe({
    next: ([state, isOnline, chosen]) => show(state, isOnline, chosen),
    error: reportError,
  })

function show(state: ShareState, isOnline: boolean, wanted: string | undefined): void {
  const phoneNow = Date.now()
  const now = phoneNow + state.clockAheadMs
  const which = screenOf(state, now)
  const vehicle = state.vehicles.get(wanted ?? '') ?? state.vehicles.values().next().value
  screens.show(state, which, isOnline, now, phoneNow)
  if (vehicle !== undefined) panel.show(state, vehicle, which, isOnline, now)
  chart.show(state.vehicles, vehicle?.deviceId, ({ heardAt }) =>
    state.phase.name !== 'open'
      ? 'still'
      : heardAt === null || now - heardAt > silentAfterMs
        ? 'silent'
        : 'fresh',
  )
  document.title = which === 'live' ? texts.pageTitle : texts.screens[which].title
  setText(elementOf('announcer'), announcement(state, which, isOnline, vehicle?.heardAt ?? null, now))
}

/** What a screen reader is told; it changes when something happened, and not with each second. */
function announcement(
  state: ShareState,
  which: ReturnType<typeof screenOf>,
  isOnline: boolean,
  heardAt: number | null,
  now: number,
): string {
  const { phase } = state
  const isWaiting = which === 'live' && phase.name !== 'open'
  const said = isWaiting ? 'reconnecting' : which
  if (!isOnline && said.endsWith('connecting')) return `${texts.offline.title}. ${texts.offline.text}`
  if (said !== 'live') return `${texts.screens[said].title}. ${texts.screens[said].text}`
  const isSilent = heardAt !== null && now - heardAt > silentAfterMs
  return isSilent ? silenceText(heardAt, now, texts) : texts.live
}

for (const [id, text$, act] of [
  ['follow', of(texts.follow), () => chart.follow()],
  [
    'overview',
    chart.isFar$.pipe(map((isFar) => (isFar ? texts.closeUp : texts.overview))),
    () => chart.toggleOverview(),
  ],
] as const) {
  const button = elementOf(id)
  button.onclick = act
  text$.subscribe({
    next: (label) => {
      button.ariaLabel = label
      button.title = label
    },
    error: reportError,
  })
}
elementOf('again').onclick = () => {
  if (elementOf('screen').dataset.screen === 'failed') location.reload()
  else again$.next()
}
chart.following$.subscribe({ next: (is) => (elementOf('follow').hidden = is), error: reportError })
chart.isOffline$.subscribe({ next: (is) => (elementOf('overview').hidden = !is), error: reportError })
merge(panel.choices$, chart.choices$).subscribe(chosen$)
