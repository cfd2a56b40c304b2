import { expect } from 'chai'
import { durationText, roughDurationText } from '../../lib/web/durations.js'
import { retryDelay } from '../../lib/web/retryDelay.js'
import { shareTokenOf } from '../../lib/web/shareToken.js'
import { languageOf, textsIn } from '../../lib/web/languages.js'
import { clockText, headingText, heardText, mapsLink, placeText, speedText } from '../../lib/web/words.js'

const { es, en } = textsIn
const queretaro = { latitude: 20.652472, longitude: -100.391423 }

describe('languageOf', () => {
  it('is the first of the browser’s that the page speaks', () => {
    expect(languageOf(['es-MX', 'en'])).to.equal('es')
    expect(languageOf(['fr', 'EN-gb', 'es'])).to.equal('en')
    expect(languageOf(['ca', 'es'])).to.equal('es')
    expect(languageOf(['de'])).to.equal('en')
    expect(languageOf([])).to.equal('en')
  })
})

describe('textsIn', () => {
  it('says everything in both languages, and nothing alike but what is', () => {
    const flat = (value: unknown, path = ''): [string, string][] =>
      typeof value === 'string'
        ? [[path, value]]
        : typeof value === 'function'
          ? [[path, (value as (text: string) => string)('X')]]
          : Object.entries(value as object).flatMap(([key, each]) => flat(each, `${path}.${key}`))
    const spanish = flat(es)
    const english = new Map(flat(en))
    expect(spanish.map(([path]) => path)).to.deep.equal([...english.keys()])
    const alike = spanish.filter(([path, text]) => english.get(path) === text).map(([path]) => path)
    expect(alike).to.deep.equal(['.screens.live.text', '.speedUnit', '.sides.0', '.sides.1', '.sides.2'])
  })
})

describe('words', () => {
  it('say a speed, and that a vehicle stands', () => {
    expect([null, 0, 0.9, 1, 42.5].map((speed) => speedText(speed, es))).to.deep.equal([
      'sin dato',
      'Detenido',
      'Detenido',
      '1 km/h',
      '43 km/h',
    ])
  })

  it('say where it goes and where it is', () => {
    expect(headingText(359.7, es)).to.equal('norte 0°')
    expect(headingText(225, en)).to.equal('southwest 225°')
    expect(headingText(null, en)).to.equal('not told')
    expect(placeText(queretaro, es)).to.equal('20.65247° N, 100.39142° O')
    expect(placeText({ latitude: -33.4567, longitude: 70.6789 }, en)).to.equal('33.45670° S, 70.67890° E')
  })

  it('count up since it was heard', () => {
    expect(heardText(null, 0, es)).to.equal('sin dato')
    expect(heardText(9_000, 10_000, es)).to.equal('ahora')
    expect(heardText(0, 65_000, es)).to.equal('hace 1 min 05 s')
    expect(heardText(0, 65_000, en)).to.equal('1 min 05 s ago')
    expect(heardText(5_000, 0, en)).to.equal('now')
  })

  it('say the day where it is not today', () => {
    const now = new Date(2025, 11, 3, 15, 0).getTime()
    expect(clockText(now + 60_000, now, 'es')).to.equal('15:01')
    expect(clockText(now + 86_400_000, now, 'en')).to.match(/Thu, Dec 4/)
  })

  it('lead to the maps of the phone, and of the web', () => {
    expect(mapsLink(queretaro, 'Mozilla/5.0 (Linux; Android 15)')).to.equal(
      'geo:20.652472,-100.391423?q=20.652472,-100.391423',
    )
    expect(mapsLink(queretaro, 'Mozilla/5.0 (iPhone; CPU)')).to.match(
      /^https:\/\/maps\.apple\.com\/\?ll=20\.652472,/,
    )
    expect(mapsLink(queretaro, 'Mozilla/5.0 (X11; Linux)')).to.equal(
      'https://www.openstreetmap.org/?mlat=20.652472&mlon=-100.391423#map=17/20.652472/-100.391423',
    )
  })
})

describe('durationText', () => {
  it('says the two largest units', () => {
    expect(
      [-5, 0, 59_999, 60_000, 245_000, 3_600_000, 7_500_000, 90_000_000, 3e9].map(durationText),
    ).to.deep.equal([
      '0 s',
      '0 s',
      '59 s',
      '1 min 00 s',
      '4 min 05 s',
      '1 h 00 min',
      '2 h 05 min',
      '1 d 1 h',
      '34 d 17 h',
    ])
    expect(roughDurationText(245_000)).to.equal('4 min')
  })
})

describe('retryDelay', () => {
  it('grows to half a minute, half of it random', () => {
    expect([0, 1, 2, 5, 1e9].map((failures) => retryDelay(failures, () => 1))).to.deep.equal([
      1_000, 2_000, 4_000, 30_000, 30_000,
    ])
    expect(retryDelay(0, () => 0)).to.equal(500)
  })
})

describe('shareTokenOf', () => {
  it('is the fragment, where that can be one', () => {
    expect(shareTokenOf('#v4.local.AbC-_d')).to.equal('v4.local.AbC-_d')
    expect(shareTokenOf('#v4.local.AbC%2D_d')).to.equal('v4.local.AbC-_d')
    for (const hash of ['', '#', '#a b', '#%', '#ñ', '#a,b', `#${'a'.repeat(2049)}`]) {
      expect(shareTokenOf(hash), hash).to.equal(null)
    }
  })
})
