import type { Screen } from './shareState.js'

export type Language = 'es' | 'en'

/** A screen in words. */
export interface ScreenText {
  readonly title: string
  readonly text: string
}

/** All that the page says, in one language. */
export interface Texts {
  readonly pageTitle: string
  readonly screens: Readonly<Record<Screen, ScreenText>>
  readonly offline: ScreenText
  readonly live: string
  readonly silent: string
  readonly stopped: string
  readonly lastPlace: string
  readonly speed: string
  readonly speedUnit: string
  readonly heading: string
  readonly heard: string
  readonly ends: string
  readonly endsBriefly: string
  readonly coordinates: string
  readonly vehicles: string
  readonly openInMaps: string
  readonly follow: string
  readonly overview: string
  readonly closeUp: string
  readonly tryNow: string
  readonly reload: string
  readonly map: string
  readonly zoomIn: string
  readonly zoomOut: string
  readonly now: string
  readonly unknown: string
  readonly ago: (duration: string) => string
  readonly in: (duration: string) => string
  readonly at: (time: string) => string
  readonly begins: (time: string) => string
  readonly retriesIn: (duration: string) => string
  /** The eight winds, from north clockwise. */
  readonly winds: readonly string[]
  /** North, south, east, west, as they follow a coordinate. */
  readonly sides: readonly [north: string, south: string, east: string, west: string]
}

const es: Texts = {
  pageTitle: 'Vehículo en vivo',
  screens: {
    connecting: { title: 'Abriendo el enlace…', text: 'Un momento, por favor.' },
    reconnecting: {
      title: 'Reconectando…',
      text: 'Se perdió la conexión. Seguimos intentando; no tienes que hacer nada.',
    },
    notBegun: {
      title: 'Todavía no empieza',
      text: 'Deja esta página abierta: el vehículo aparecerá solo cuando llegue la hora.',
    },
    noPosition: {
      title: 'Esperando la posición',
      text: 'El enlace funciona. El vehículo aparecerá aquí en cuanto informe dónde está.',
    },
    live: { title: 'Vehículo en vivo', text: '' },
    busy: {
      title: 'Hay muchas personas mirando',
      text: 'Este enlace admite un número limitado de personas a la vez. Entrarás en cuanto haya un lugar libre.',
    },
    expired: {
      title: 'Este enlace ya terminó',
      text: 'Se compartió por un tiempo limitado, y ese tiempo ya pasó. Si aún lo necesitas, pide otro a quien te lo envió.',
    },
    revoked: {
      title: 'Ya no se comparte',
      text: 'Quien te envió este enlace dejó de compartir dónde está el vehículo. Si aún lo necesitas, pídele otro.',
    },
    arrived: { title: '¡Ya llegó!', text: 'El vehículo llegó a su destino, y con eso terminó este enlace.' },
    invalid: {
      title: 'Este enlace no funciona',
      text: 'Tal vez no se copió completo. Ábrelo otra vez desde el mensaje que recibiste, o pide uno nuevo.',
    },
    failed: {
      title: 'Algo salió mal',
      text: 'No es culpa tuya. Vuelve a cargar la página y, si sigue igual, prueba más tarde.',
    },
  },
  offline: {
    title: 'Sin conexión a internet',
    text: 'Seguiremos solos en cuanto tu teléfono vuelva a tener señal.',
  },
  live: 'En vivo',
  silent: 'Sin señal',
  stopped: 'Detenido',
  lastPlace: 'Última posición',
  speed: 'Velocidad',
  speedUnit: 'km/h',
  heading: 'Rumbo',
  heard: 'Última señal',
  ends: 'El enlace termina',
  endsBriefly: 'Termina',
  coordinates: 'Coordenadas',
  vehicles: 'Vehículos',
  openInMaps: 'Abrir en mapas',
  follow: 'Centrar en el vehículo',
  overview: 'Ver de lejos',
  closeUp: 'Ver de cerca',
  tryNow: 'Intentar ahora',
  reload: 'Volver a cargar',
  map: 'Mapa. Muévelo con las flechas del teclado y acércalo o aléjalo con más y menos.',
  zoomIn: 'Acercar',
  zoomOut: 'Alejar',
  now: 'ahora',
  unknown: 'sin dato',
  ago: (duration) => `hace ${duration}`,
  in: (duration) => `en ${duration}`,
  at: (time) => `a las ${time}`,
  begins: (time) => `Empieza: ${time}`,
  retriesIn: (duration) => `Nuevo intento en ${duration}`,
  winds: ['norte', 'noreste', 'este', 'sureste', 'sur', 'suroeste', 'oeste', 'noroeste'],
  sides: ['N', 'S', 'E', 'O'],
}

const en: Texts = {
  pageTitle: 'Live vehicle',
  screens: {
    connecting: { title: 'Opening the link…', text: 'One moment, please.' },
    reconnecting: {
      title: 'Reconnecting…',
      text: 'The connection was lost. We keep trying; there is nothing you need to do.',
    },
    notBegun: {
      title: 'It hasn’t begun yet',
      text: 'Leave this page open: the vehicle will appear by itself when the time comes.',
    },
    noPosition: {
      title: 'Waiting for the position',
      text: 'The link works. The vehicle will appear here as soon as it says where it is.',
    },
    live: { title: 'Live vehicle', text: '' },
    busy: {
      title: 'Many people are watching',
      text: 'This link lets in a limited number of people at a time. You will be in as soon as there is room.',
    },
    expired: {
      title: 'This link has ended',
      text: 'It was shared for a limited time, and that time is over. If you still need it, ask whoever sent it for another.',
    },
    revoked: {
      title: 'No longer shared',
      text: 'Whoever sent you this link stopped sharing where the vehicle is. If you still need it, ask for another.',
    },
    arrived: {
      title: 'It has arrived!',
      text: 'The vehicle reached its destination, and so this link has ended.',
    },
    invalid: {
      title: 'This link doesn’t work',
      text: 'Perhaps it wasn’t copied whole. Open it again from the message you received, or ask for a new one.',
    },
    failed: {
      title: 'Something went wrong',
      text: 'It isn’t your fault. Load the page again, and if nothing changes, try later.',
    },
  },
  offline: {
    title: 'No internet connection',
    text: 'We will go on by ourselves as soon as your phone has a signal again.',
  },
  live: 'Live',
  silent: 'No signal',
  stopped: 'Stopped',
  lastPlace: 'Last position',
  speed: 'Speed',
  speedUnit: 'km/h',
  heading: 'Heading',
  heard: 'Last heard',
  ends: 'The link ends',
  endsBriefly: 'Ends',
  coordinates: 'Coordinates',
  vehicles: 'Vehicles',
  openInMaps: 'Open in maps',
  follow: 'Center on the vehicle',
  overview: 'See from afar',
  closeUp: 'See up close',
  tryNow: 'Try now',
  reload: 'Load again',
  map: 'Map. Move it with the arrow keys, and zoom with plus and minus.',
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  now: 'now',
  unknown: 'not told',
  ago: (duration) => `${duration} ago`,
  in: (duration) => `in ${duration}`,
  at: (time) => `at ${time}`,
  begins: (time) => `Begins: ${time}`,
  retriesIn: (duration) => `Trying again in ${duration}`,
  winds: ['north', 'northeast', 'east', 'southeast', 'south', 'southwest', 'west', 'northwest'],
  sides: ['N', 'S', 'E', 'W'],
}

/** The first of the browser's languages that the page speaks; English where it speaks none. */
export function languageOf(languages: readonly string[]): Language {
  for (const language of languages) {
    const base = language.toLowerCase().split('-')[0]
    if (base === 'es' || base === 'en') return base
  }
  return 'en'
}

export const textsIn: Readonly<Record<Language, Texts>> = { es, en }
