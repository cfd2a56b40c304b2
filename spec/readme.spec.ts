import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { root } from './support/example.js'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const readme = read('README.md')

/** The names that an index re-exports, types too. */
function exportedNames(path: string): string[] {
  const tree = ts.createSourceFile(path, read(path), ts.ScriptTarget.ES2022)
  return tree.statements.flatMap((statement) =>
    ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)
      ? statement.exportClause.elements.map(({ name }) => name.text)
      : [],
  )
}

/** Where a link within the repository leads, by the way in which GitHub names headings. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\- _]/gu, '')
    .replaceAll(' ', '-')

const anchorsIn = (path: string) =>
  [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading))

describe('README.md', () => {
  it('shows the two commands, and both exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const commands = [...readme.matchAll(/```sh\n([^]*?)```/g)].map(([, code]) => code).join('\n')
    expect(commands)
      .to.match(/^npm start\b/m)
      .and.to.match(/^npm test\b/m)
    expect(scripts).to.include.keys('start', 'test', 'bench', 'build', 'lint')
  })

  it('names the options of Node with which npm start, the command of the package and the benchmark start', () => {
    for (const option of [/--max-semi-space-size=\d+/, /--use-largepages=\w+/]) {
      const [wanted] = option.exec(read('lib/service/main.ts')) ?? []
      expect(wanted).to.be.a('string')
      for (const path of ['package.json', 'scripts/bench/contestants/afluente.mjs', 'README.md'])
        expect(option.exec(read(path))?.[0], path).to.equal(wanted)
    }
  })

  it("has the schema's table of settings (else: node scripts/settingsTable.mjs --write)", () => {
    const [, table] = /<!-- settings: begin.*-->\n\n([^]*?)\n<!-- settings: end -->/.exec(readme) ?? []
    expect(table).to.equal(
      execFileSync(process.execPath, ['scripts/settingsTable.mjs'], { cwd: root }).toString(),
    )
  })

  for (const path of ['lib/index.ts', 'lib/operators/index.ts']) {
    it(`names all that ${path} exports`, () => {
      const names = exportedNames(path)
      expect(names).not.to.be.empty
      expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(readme))).to.deep.equal([])
    })
  }

  for (const path of ['README.md', 'CHANGELOG.md', 'SECURITY.md', 'examples/migration.md']) {
    it(`leads nowhere that isn't there: ${path}`, () => {
      const links = [...read(path).matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, link = '']) => link)
        .filter((link) => !/^https?:/.test(link))
      const broken = links.filter((link) => {
        const [file = '', anchor] = link.split('#')
        const target = file === '' ? path : join(path, '..', file)
        return (
          !existsSync(join(root, target)) || (anchor !== undefined && !anchorsIn(target).includes(anchor))
        )
      })
      expect(broken).to.deep.equal([])
    })
  }
})
