// Changing a secret without losing an event: npx tsx examples/rotate-secrets.ts
import { createReceiver } from 'crm-webhooks'
import { calcom } from 'crm-webhooks/providers/calcom'
import { signedRequest } from 'crm-webhooks/testing'

const oldSecret = 'the-secret-until-today'
const newSecret = 'the-secret-from-today-on'

// 1. Deploy with both: either is accepted.  2. Change the secret at the sender.  3. Deploy with the new one alone.
const before = createReceiver({ provider: calcom({ secret: oldSecret }) })
const during = createReceiver({ provider: calcom({ secret: [newSecret, oldSecret] }) })
const after = createReceiver({ provider: calcom({ secret: newSecret }) })

const signedOld = await signedRequest(calcom({ secret: oldSecret }), 'booking.created')
const signedNew = await signedRequest(calcom({ secret: newSecret }), 'booking.cancelled')

for (const [name, receiver] of Object.entries({ before, during, after })) {
  const [old, recent] = [await receiver.receive(signedOld), await receiver.receive(signedNew)]
  console.log(`${name}: the old secret ${old.status}, the new one ${recent.status}`)
}

// Prints:
// before: the old secret 200, the new one 401
// during: the old secret 200, the new one 200
// after: the old secret 401, the new one 200
