// client.js write|admin BROKER LINES: what kafkajs can ask of a broker, without groups.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const { Kafka, CompressionTypes, ConfigResourceTypes, logLevel } = require('kafkajs')

const [, , action, broker, file] = process.argv
const lines = fs.readFileSync(file, 'utf8').split('\n').slice(0, -1)
const kafka = new Kafka({ clientId: 'interop', brokers: [broker], logLevel: logLevel.NOTHING, retry: { retries: 2 } })
const firstTime = 1700000000000
const partitions = 3

async function write() {
  const admin = kafka.admin()
  await admin.connect()
  const topics = ['plain', 'gzip', 'idempotent']
  const made = await admin.createTopics({
    topics: topics.map(topic => ({
      topic, numPartitions: partitions, configEntries: [{ name: 'retention.ms', value: '-1' }],
    })),
  })
  assert.equal(made, true)
  await admin.disconnect()
  for (const topic of topics) {
    const producer = kafka.producer({ idempotent: topic === 'idempotent', maxInFlightRequests: 1 })
    await producer.connect()
    for (let first = 0; first < lines.length; first += 3000) {
      const messages = lines.slice(first, first + 3000).map((line, index) => {
        const number = first + index
        return {
          key: `key ${number}`, value: line, partition: number % partitions,
          timestamp: String(firstTime + number), headers: { number: String(number) },
        }
      })
      const compression = topic === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None
      const answers = await producer.send({ topic, messages, compression, acks: -1 })
      for (const answer of answers) {
        assert.equal(answer.errorCode, 0)
        assert.equal(answer.baseOffset, String(first / partitions))
      }
    }
    await producer.disconnect()
  }
}

async function refused(type, call) {
  await assert.rejects(call, error => {
    const causes = [error, error.cause, ...(error.errors || [])].filter(Boolean)
    return causes.some(cause => cause.type === type) || assert.fail(`${type} was expected: ${error.stack}`)
  })
}

async function administer() {
  const admin = kafka.admin()
  await admin.connect()
  const cluster = await admin.describeCluster()
  assert.equal(cluster.brokers.length, 1)
  assert.equal(cluster.clusterId.length, 22)
  assert.equal(cluster.controller, cluster.brokers[0].nodeId)

  const metadata = await admin.fetchTopicMetadata({ topics: ['gzip'] })
  assert.equal(metadata.topics[0].name, 'gzip')
  assert.deepEqual(metadata.topics[0].partitions.map(each => each.leader), Array(partitions).fill(cluster.controller))
  const offsets = await admin.fetchTopicOffsets('gzip')
  assert.equal(offsets.reduce((sum, each) => sum + Number(each.high), 0), lines.length)
  assert(offsets.every(each => each.low === '0'))
  const middle = Math.floor(lines.length / partitions / 2)
  const at = await admin.fetchTopicOffsetsByTimestamp('gzip', firstTime + middle * partitions)
  assert(at.every(each => each.offset === String(middle)), JSON.stringify(at))

  assert.equal(await admin.createTopics({ topics: [{ topic: 'gzip', numPartitions: 3 }] }), false)
  assert.equal(await admin.createTopics({ topics: [{ topic: 'made', numPartitions: 1 }], waitForLeaders: true }), true)
  await refused('INVALID_CONFIG', () => admin.createTopics({
    topics: [{ topic: 'compacted', configEntries: [{ name: 'cleanup.policy', value: 'compact' }] }],
  }))
  await admin.createPartitions({ topicPartitions: [{ topic: 'made', count: 4 }] })
  assert.equal((await admin.fetchTopicMetadata({ topics: ['made'] })).topics[0].partitions.length, 4)
  const resource = { type: ConfigResourceTypes.TOPIC, name: 'made' }
  await admin.alterConfigs({
    validateOnly: false, resources: [{ ...resource, configEntries: [{ name: 'retention.ms', value: '3600000' }] }],
  })
  const configs = await admin.describeConfigs({ includeSynonyms: true, resources: [resource] })
  const retention = configs.resources[0].configEntries.find(each => each.configName === 'retention.ms')
  assert.equal(retention.configValue, '3600000')
  assert.equal(retention.isDefault, false)
  // This client looks up leaders in what it was told last, so it must have asked about the topic.
  await admin.fetchTopicOffsets('plain')
  await admin.deleteTopicRecords({ topic: 'plain', partitions: [{ partition: 1, offset: '100' }] })
  const lows = await admin.fetchTopicOffsets('plain')
  assert.equal(lows.find(each => each.partition === 1).low, '100')
  await admin.deleteTopics({ topics: ['made'] })
  assert(!(await admin.listTopics()).includes('made'))
  await refused('UNKNOWN_TOPIC_OR_PARTITION', () => admin.deleteTopics({ topics: ['made'] }))
  await admin.disconnect()
}

const actions = { write, admin: administer }
actions[action]().catch(error => {
  console.error(error)
  process.exit(1)
})
