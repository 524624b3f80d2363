import type { Sender } from 'crm-webhooks'
import type { Printer } from '../print.ts'
import type { Target } from './target.ts'

const lead = { id: 'L-7', nom: 'Dupont', prenom: 'Hélène', statut: 'nouveau', score: 87 }
const message = { messageId: 'M-1', direction: 'inbound', type: 'text', content: 'is the shop open on Sunday?' }
const supportCase = {
  case_id: 'TKT-2026-00007',
  subject: 'Printer <3rd floor> is on fire',
  description: 'Smoke since nine. Nobody is hurt.',
  priority: 'critical',
  customer_name: 'Ann Example',
}

/** Real time; a machine under load may need more than the three seconds that it takes. */
const PATIENCE_MS = 20_000

interface Story {
  readonly sender: Sender
  readonly partner: { useSecret(secret: string): void }
  readonly ids: ReadonlyMap<string, string>
  readonly targets: readonly Target[]
  readonly printer: Printer
}

/** Publishes, with a rotation in between, and waits until every delivery has ended. */
export async function publishAll({ sender, partner, ids, targets, printer }: Story): Promise<void> {
  const ends = countEnds(sender)
  const [partnerId = '', goneId = ''] = [ids.get('Warehouse'), ids.get('Gone')]
  printer.heading('Publishing', 'one delivery for each endpoint that wants it')
  const publish = async (type: string, data: object, expected: number): Promise<void> => {
    const { deliveries, duplicate } = await sender.publish(type, data, { idempotencyKey: type })
    const led = duplicate ? 'the key is known: nothing is sent' : countOf(deliveries)
    printer.fact({ what: duplicate ? `${type}, same key` : type, led, expected: deliveries === expected })
  }
  await publish('lead.created', lead, 6)
  await publish('lead.created', lead, 0)
  await publish('message.new', message, 1)
  await publish('case.created', supportCase, 2)
  await ends.of(partnerId, 1)
  await ends.of(goneId, 1)

  const { secret } = await sender.endpoints.rotateSecret(partnerId, { keepPreviousForSeconds: 86_400 })
  printer.fact({ what: 'rotate the secret of Warehouse', led: 'both sign for a day', expected: true })
  await publish('lead.status_changed', { ...lead, statut: 'gagné' }, 1)
  await ends.of(partnerId, 2)
  partner.useSecret(secret)
  printer.fact({ what: 'Warehouse changes over', led: 'it accepts the second secret only', expected: true })
  await publish('lead.updated', { ...lead, score: 91 }, 1)

  const inAll = targets.reduce((sum, { expected }) => sum + new Set(expected.map(({ type }) => type)).size, 0)
  // Operations hears of two deliveries by the same type.
  await ends.inAll(inAll + 1)
}

/** Counts the deliveries that ended. */
function countEnds(sender: Sender): {
  of(endpointId: string, count: number): Promise<void>
  inAll(count: number): Promise<void>
} {
  const ended: string[] = []
  let check = (): void => {}
  for (const name of ['delivery.succeeded', 'delivery.exhausted'] as const) {
    sender.lifecycle.on(name, ({ delivery }) => {
      ended.push(delivery.endpointId)
      check()
    })
  }
  const until = (isEnough: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`only ${ended.length} deliveries ended`)), PATIENCE_MS)
      check = () => {
        if (!isEnough()) return
        clearTimeout(timer)
        resolve()
      }
      check()
    })
  return {
    of: (endpointId, count) => until(() => ended.filter(id => id === endpointId).length >= count),
    inAll: count => until(() => ended.length >= count),
  }
}

const countOf = (deliveries: number): string => (deliveries === 1 ? '1 delivery' : `${deliveries} deliveries`)
