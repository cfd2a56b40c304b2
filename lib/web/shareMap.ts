import { control, map as createMap } from 'leaflet'
import {
  BehaviorSubject,
  distinctUntilChanged,
  fromEvent,
  fromEventPattern,
  map as mapped,
  merge,
  type Observable,
  Subject,
  type Subscription,
} from 'rxjs'
import { type Ground, openGround, streetZoom } from './ground.js'
import { keepInView } from './keepInView.js'
import type { PageSettings } from './pageSettings.js'
import type { Place } from './report.js'
import type { Vehicle } from './shareState.js'
import { sizes } from './sizes.js'
import type { Texts } from './texts.js'
import { drawTiles } from './tiles.js'
import { type Freshness, vehicleMarker, type VehicleMarker } from './vehicleMarker.js'

export interface ShareMapOptions {
  readonly element: HTMLElement
  /** Where a small map of the surroundings is drawn, beside the package's own map. */
  readonly locator: HTMLElement
  readonly settings: PageSettings
  readonly texts: Texts
  readonly isStill: () => boolean
}

/** What the map is told, and what it tells. */
export interface ShareMap {
  show(vehicles: ReadonlyMap<string, Vehicle>, chosen: string | undefined, freshness: FreshnessOf): void
  /** Goes back to the chosen vehicle, and with it. */
  follow(): void
  /** Goes far away or near. */
  toggleOverview(): void
  readonly following$: Observable<boolean>
  readonly isFar$: Observable<boolean>
  /** Whether the package's own map is what is shown. */
  readonly isOffline$: Observable<boolean>
  /** The device whose arrow was chosen. */
  readonly choices$: Observable<string>
}

export type FreshnessOf = (vehicle: Vehicle) => Freshness

const nearZoom = 16
const farZoom = 6

/** The map: the vehicles, their trails, and below them tiles, or where none are configured the package's own. */
export function shareMap({ element, locator, settings, texts, isStill }: ShareMapOptions): ShareMap {
  const isFollowing$ = new BehaviorSubject(true)
  const isFar$ = new BehaviorSubject(false)
  const isOffline$ = new BehaviorSubject(false)
  const choices$ = new Subject<string>()
  const markers = new Map<string, { marker: VehicleMarker; subscription: Subscription }>()
  const map = createMap(element, {
    center: [20, -60],
    zoom: 3,
    minZoom: 3,
    maxZoom: 19,
    zoomControl: false,
    attributionControl: false,
    worldCopyJump: true,
  })
  let chosen: string | undefined
  let at: Place | undefined
  let ground: Ground | undefined

  control.zoom({ position: 'topright', zoomInTitle: texts.zoomIn, zoomOutTitle: texts.zoomOut }).addTo(map)
  control.scale({ position: 'bottomleft', imperial: false, maxWidth: 120 }).addTo(map)
  element.setAttribute('role', 'application')
  element.setAttribute('aria-label', texts.map)

  function begin(place: Place): void {
    map.setView([place.latitude, place.longitude], nearZoom, { animate: false })
    if (settings.tilesUrl === '') drawGround(place)
    // A tile server that is away must not leave the viewer before nothing.
    else drawTiles(map, settings).subscribe({ next: () => drawGround(place), error: reportError })
  }

  function drawGround(place: Place): void {
    isOffline$.next(true) // which shows the locator: a map that begins hidden has no size
    ground = openGround(map, locator, place, settings.worldUrl)
  }

  function step(place: Place): void {
    at = place
    ground?.locate(place)
    if (isFollowing$.value) keepInView(map, place, isStill())
  }

  function follow(): void {
    isFollowing$.next(true)
    if (at === undefined) return
    map.setView([at.latitude, at.longitude], Math.max(map.getZoom(), isFar$.value ? nearZoom : 0), {
      animate: !isStill(),
    })
  }

  function markerOf(vehicle: Vehicle, isOneOfSeveral: boolean): VehicleMarker {
    const known = markers.get(vehicle.deviceId)
    if (known !== undefined) return known.marker
    const marker = vehicleMarker(map, vehicle.deviceId, isOneOfSeveral, isStill)
    const subscription = marker.poses$.subscribe({
      next: ({ place }) => {
        if (vehicle.deviceId === chosen) step(place)
      },
      error: reportError,
    })
    subscription.add(
      marker.clicks$.subscribe({ next: () => choices$.next(vehicle.deviceId), error: reportError }),
    )
    markers.set(vehicle.deviceId, { marker, subscription })
    return marker
  }

  // Whoever moves the map wants to look elsewhere, until they say otherwise.
  merge(
    fromEventPattern((listener) => map.on('dragstart', listener)),
    fromEvent<KeyboardEvent>(element, 'keydown').pipe(mapped(({ key }) => key.startsWith('Arrow'))),
  ).subscribe({
    next: (moved) => {
      if (moved !== false) isFollowing$.next(false)
    },
    error: reportError,
  })
  // While it follows, zooming keeps the vehicle where it is.
  isFollowing$.subscribe({
    next: (isFollowing) => {
      map.options.scrollWheelZoom =
        map.options.touchZoom =
        map.options.doubleClickZoom =
          isFollowing ? 'center' : true
    },
    error: reportError,
  })
  function zoomed(): void {
    const isFar = map.getZoom() < streetZoom
    element.dataset.distance = isFar ? 'far' : 'near'
    isFar$.next(isFar)
  }
  map.on('zoomend', zoomed)
  zoomed()
  sizes(element).subscribe({
    next: () => {
      map.invalidateSize({ pan: false })
      if (isFollowing$.value && at !== undefined) {
        map.setView([at.latitude, at.longitude], map.getZoom(), { animate: false })
      }
    },
    error: reportError,
  })

  return {
    show(vehicles, nowChosen, freshnessOf) {
      const isAnother = nowChosen !== chosen
      chosen = nowChosen
      const vehicle = chosen === undefined ? undefined : vehicles.get(chosen)
      if (vehicle !== undefined && at === undefined) begin((at = vehicle.place))
      for (const [deviceId, { marker, subscription }] of markers) {
        if (vehicles.has(deviceId)) continue
        subscription.unsubscribe()
        marker.remove()
        markers.delete(deviceId)
      }
      for (const each of vehicles.values()) {
        const marker = markerOf(each, vehicles.size > 1)
        marker.show(each)
        marker.look(freshnessOf(each), each.deviceId === chosen)
      }
      if (isAnother && vehicle !== undefined) {
        at = vehicle.place
        follow()
      }
    },
    follow,
    toggleOverview() {
      if (at !== undefined) {
        isFollowing$.next(true)
        map.setView([at.latitude, at.longitude], isFar$.value ? nearZoom : farZoom, { animate: !isStill() })
      }
    },
    following$: isFollowing$.pipe(distinctUntilChanged()),
    isFar$: isFar$.pipe(distinctUntilChanged()),
    isOffline$,
    choices$,
  }
}
