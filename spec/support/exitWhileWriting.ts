// A process of its own that ends, with code 7, after some part of the time that a write takes; 0 for while
// the thread starts.
//   node exitWhileWriting.js <directory> <part>
import { lmdbWriter } from '../../lib/stores/lmdbWriter.js'

const [directory = '', part] = process.argv.slice(2)
const writer = lmdbWriter(directory)
process.once('exit', writer.stop)
const write = () =>
  writer.write({
    changes: Array.from({ length: 20_000 }, (_, at) => ({
      database: 'lastKnown',
      key: Buffer.from(String(at)),
      value: Buffer.alloc(200),
    })),
  })

let duration = 60
if (part !== '0') {
  await write()
  const begunAt = performance.now()
  await write()
  duration = (performance.now() - begunAt) * Number(part)
}
const endsAt = performance.now() + duration
void write()
setTimeout(() => process.exit(7), endsAt - performance.now())
