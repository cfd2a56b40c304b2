import { expect } from 'chai'
import { freePort } from '../support/mosquitto.js'
import { closeAll } from '../support/opened.js'
import { main, startService } from '../support/service.js'
import { redisServer } from '../support/redisServer.js'
import { connackCodes, startScriptedBroker } from '../support/scriptedBroker.js'
import { run } from '../support/process.js'

const secrets = /some(body|%62ody)|s3cret|czNjcmV0/

describe('credentials in URLs', () => {
  afterEach(closeAll)

  it('2.4 shows nothing of them in what it logs, where they are wrong', async () => {
    const broker = await startScriptedBroker([connackCodes.notAuthorized])
    const redis = await redisServer('--requirepass', 'another')
    const service = await startService({
      BROKER_HOST: `mqtt://some%62ody:s3cret@${broker.address}`,
      REDIS_URL: redis.url.replace('//', '//some%62ody:s3cret@'),
      JWT_JWKS_URL: `http://127.0.0.1:${await freePort()}/jwks?key=s3cret`,
      AUTH_MODE: 'jwt',
    })
    await service.printed(/The MQTT feed is down.* attempt=2/)
    await service.printed(/Redis is away/)
    await service.printed(/The keys for access tokens could not be fetched/)
    await service.stop()
    await redis.close()
    expect(service.output()).to.not.match(secrets)
  })

  it('1.7, 2.4 refuses those that it cannot use, naming the variables', async () => {
    const bad = {
      BROKER_HOST: 'mqtt://somebody:s3cret%ZZ@127.0.0.1',
      REDIS_URL: 'redis://somebody:s3cret%ZZ@127.0.0.1',
      JWT_JWKS_URL: 'https://somebody:s3cret@127.0.0.1/jwks',
    }
    const refused = run(process.execPath, [main], { env: { PATH: process.env.PATH, PORT: '0', ...bad } })
    expect(await refused.exited).to.equal(1)
    for (const name of Object.keys(bad)) expect(refused.output()).to.contain(`\n  ${name}: `)
    expect(refused.output()).to.not.match(secrets)
  })
})
