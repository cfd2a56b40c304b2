import type { Texts } from './texts.js'

/** The page in Spanish. */
export const spanish: Texts = {
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
