// Loaded into a worker before the service: on SIGUSR2 it says that it changed a share, as the share store would have
// it say, and it prints which shares it hears of.
import type { News } from '../../lib/service/workerLink.js'

if (process.send !== undefined) {
  const { pid } = process
  const changed: News = { type: 'shareChanged', shareId: `share-${pid}` }
  process.on('SIGUSR2', () => process.send?.(changed))
  process.on('message', (news: News) => {
    if (news.type === 'shareChanged') process.stdout.write(`${pid} heard of ${news.shareId}\n`)
  })
}
