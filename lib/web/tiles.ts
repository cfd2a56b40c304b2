import { control, type Map as LeafletMap, tileLayer } from 'leaflet'
import { fromEventPattern, type Observable, take } from 'rxjs'
import type { PageSettings } from './pageSettings.js'

/**
 * Lays tiles on the map, and names whom they are owed to.
 *
 * @returns What emits once, when a tile doesn't come.
 */
export function drawTiles(map: LeafletMap, settings: PageSettings): Observable<unknown> {
  const { tilesUrl, tilesAttribution } = settings
  const tiles = tileLayer(tilesUrl, { maxZoom: 19, className: 'tiles', referrerPolicy: 'no-referrer' })
  if (tilesAttribution !== '') {
    const credit = document.createElement('span')
    credit.textContent = tilesAttribution
    control.attribution({ prefix: false }).addAttribution(credit.innerHTML).addTo(map)
  }
  tiles.addTo(map)
  return fromEventPattern(
    (listener) => tiles.on('tileerror', listener),
    (listener) => tiles.off('tileerror', listener),
  ).pipe(take(1))
}
