import { geoJSON, type Layer, layerGroup } from 'leaflet'
import { catchError, defer, map, type Observable, of } from 'rxjs'
import { fromFetch } from 'rxjs/fetch'
import { feature } from 'topojson-client'
import type { GeometryCollection, MultiLineString, Topology } from 'topojson-specification'

/** What the build makes of world-atlas: land, and the borders between countries. */
export type World = Topology<{ land: GeometryCollection; borders: MultiLineString }>

/**
 * The coasts and borders of the world, so that there is a map where no tile server is configured.
 *
 * @returns Undefined where it can't be had: the page does without.
 */
export function loadWorld(url: string): Observable<World | undefined> {
  return defer(() => fromFetch(url, { selector: (response) => response.json() as Promise<World> })).pipe(
    map((world) => world as World | undefined),
    catchError(() => of(undefined)),
  )
}

/** The layer that draws it, in a pane of its own, so that the style sheet can hide it at street zoom. */
export function worldLayer(world: World, pane: string): Layer {
  const { land, borders } = world.objects
  const style = (className: string) => ({ pane, interactive: false, style: { className } })
  return layerGroup([
    geoJSON(feature(world, land), style('land')),
    geoJSON(feature(world, borders), style('borders')),
  ])
}
