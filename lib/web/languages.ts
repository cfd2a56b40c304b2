import { english } from './english.js'
import { spanish } from './spanish.js'
import type { Texts } from './texts.js'

/** What the page speaks. */
export type Language = 'es' | 'en'

/** The first of the browser's languages that the page speaks; English where it speaks none. */
export function languageOf(languages: readonly string[]): Language {
  for (const language of languages) {
    const base = language.toLowerCase().split('-')[0]
    if (base === 'es' || base === 'en') return base
  }
  return 'en'
}

/** All that the page says, by language. */
export const textsIn: Readonly<Record<Language, Texts>> = { es: spanish, en: english }
