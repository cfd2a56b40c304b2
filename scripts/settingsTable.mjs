// Prints the README's table of settings, made of the schema that the service reads: build first.
//   node scripts/settingsTable.mjs            prints it
//   node scripts/settingsTable.mjs --write    puts it between the README's markers
import { readFileSync, writeFileSync } from 'node:fs'
import { format } from 'prettier'
import { settingsSchema } from '../dist/lib/service/settingsSchema.js'

/** The default stands in the innermost part: `.optional()` and `.transform()` wrap it. */
function defaultOf({ def }) {
  if (def.type === 'default') return `\`${def.defaultValue}\``
  const inner = def.innerType ?? def.in
  return inner === undefined ? '' : defaultOf(inner)
}

const rows = Object.entries(settingsSchema.shape).map(
  ([name, setting]) => `| \`${name}\` | ${defaultOf(setting)} | ${setting.description} |`,
)
const table = await format(['| Variable | Default | Meaning |', '|---|---|---|', ...rows].join('\n'), {
  parser: 'markdown',
})

if (process.argv[2] === '--write') {
  const readme = new URL('../README.md', import.meta.url)
  const [before, after] = readFileSync(readme, 'utf8').split(
    /(?<=<!-- settings: begin.*-->\n)[^]*(?=<!-- settings: end -->)/,
  )
  writeFileSync(readme, `${before}\n${table}\n${after}`)
} else {
  process.stdout.write(table)
}
