import type { Texts } from './texts.js'

/** The page in English. */
export const english: Texts = {
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
