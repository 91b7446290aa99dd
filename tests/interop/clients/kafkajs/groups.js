// groups.js share|resume BROKER: a group of two members, and what the admin client says about it. kafkajs knows eager
// rebalancing only.

const assert = require('node:assert/strict')
const { Kafka, logLevel } = require('kafkajs')

const [, , action, broker] = process.argv
const kafka = new Kafka({ clientId: 'interop', brokers: [broker], logLevel: logLevel.NOTHING })
const [topic, groupId, partitions] = ['shared', 'kafkajs', 6]
const admin = kafka.admin()

async function until(what, condition) {
  for (const end = Date.now() + 30000; !condition();) {
    assert(Date.now() < end, what)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

async function send(first, count) {
  const producer = kafka.producer()
  await producer.connect()
  const messages = Array.from({ length: count }, (_, i) => ({ value: String(first + i), partition: (first + i) % partitions }))
  await producer.send({ topic, messages })
  await producer.disconnect()
}

async function member(seen) {
  const consumer = kafka.consumer({ groupId, sessionTimeout: 6000, heartbeatInterval: 200, maxWaitTimeInMs: 200 })
  const one = { owned: [], leave: () => consumer.disconnect() }
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => { one.owned = payload.memberAssignment[topic] || [] })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({ eachMessage: async ({ message }) => { seen.add(Number(message.value)) } })
  return one
}

async function committed() {
  const [{ partitions: known }] = await admin.fetchOffsets({ groupId, topics: [topic] })
  return known.sort((a, b) => a.partition - b.partition).map(each => each.offset)
}

const everywhere = offset => Array(partitions).fill(String(offset))

async function share() {
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true })
  await send(0, 600)
  const seen = new Set()
  const one = await member(seen)
  await until('one has all partitions', () => one.owned.length === 6)
  const two = await member(seen)
  await until('both have three partitions', () => one.owned.length === 3 && two.owned.length === 3)
  await until('all was read', () => seen.size === 600)
  const { groups: [described] } = await admin.describeGroups([groupId])
  assert.equal(described.state, 'Stable')
  assert.equal(described.members.length, 2)
  assert((await admin.listGroups()).groups.some(each => each.groupId === groupId && each.protocolType === 'consumer'))
  await two.leave()
  await until('the other takes over', () => one.owned.length === 6)
  await assert.rejects(admin.deleteGroups([groupId]), error => error.groups[0].error.type === 'NON_EMPTY_GROUP')
  await one.leave()
  assert.deepEqual(await committed(), everywhere(100))
}

async function resume() {
  assert.deepEqual(await committed(), everywhere(100))
  const seen = new Set()
  await send(600, 60)
  const one = await member(seen)
  await until('what is new was read', () => seen.size === 60)
  await one.leave()
  assert(Math.min(...seen) === 600, 'what was committed is read again')
  assert.deepEqual(await committed(), everywhere(110))
  await admin.setOffsets({ groupId, topic, partitions: [{ partition: 2, offset: '7' }] })
  assert.equal((await committed())[2], '7')
  await admin.deleteGroups([groupId])
  assert.deepEqual(await committed(), everywhere(-1))
}

async function run() {
  await admin.connect()
  await { share, resume }[action]()
  await admin.disconnect()
}

run().catch(error => {
  console.error(error)
  process.exit(1)
})
