// Pipedrive on AWS Lambda, behind API Gateway, a function URL or a load balancer: set the handler to `handler`
import { createReceiver } from 'crm-webhooks'
import { lambdaHandler } from 'crm-webhooks/frameworks/aws-lambda'
import { pipedrive } from 'crm-webhooks/providers/pipedrive'

const password = process.env.PIPEDRIVE_PASSWORD ?? 'change-me'
const receiver = createReceiver({
  provider: pipedrive({ basicAuth: { username: 'crm', password } }),
  // Each instance has a memory of its own: hand in a shared store to recognise repetitions for certain.
})

receiver.on('person.*', ({ type, recordId }) => {
  console.log(`${type}: ${recordId}`)
  return 'updated'
})

export const handler = lambdaHandler(receiver)
