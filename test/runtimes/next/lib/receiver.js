import { createReceiver } from 'crm-webhooks'
import { calcom } from 'crm-webhooks/providers/calcom'

export const receiver = createReceiver({
  provider: calcom({ secret: 'in-next' }),
  maxBodyBytes: 65_536,
  bodyTimeoutSeconds: 1,
})
receiver.on('*', () => 'created')
