// Tests of your own handlers, with Vitest. Put such a file beside your code as `bookings.test.ts`.
import { createReceiver, type ReceiverOptions } from 'crm-webhooks'
import { type CalcomEvents, calcom } from 'crm-webhooks/providers/calcom'
import { manualClock, signedRequest } from 'crm-webhooks/testing'
import { expect, it, vi } from 'vitest'

interface Calendar {
  add(uid: string, title: string): Promise<void>
}

// Your code: it takes what it depends on, and the options that tests want to change.
function createBookings(calendar: Calendar, options: ReceiverOptions<CalcomEvents>) {
  const receiver = createReceiver(options)
  receiver.on('booking.created', async ({ data }) => {
    await calendar.add(data.uid, data.title ?? '')
    return 'created'
  })
  return receiver
}

const provider = calcom({ secret: 'test-secret' })

it('enters a booking', async () => {
  const calendar = { add: vi.fn(async () => {}) }
  const receiver = createBookings(calendar, { provider })
  // A realistic request, with your own values laid over it, signed as Cal.com signs.
  const request = await signedRequest(provider, 'booking.created', { body: { payload: { title: 'Demo' } } })
  const response = await receiver.receive(request)
  expect(JSON.parse(response.body)).toMatchObject({ status: 'ok', created: 1 })
  expect(calendar.add).toHaveBeenCalledWith(expect.any(String), 'Demo')
})

it('lets Cal.com try again when the calendar is down, and enters the booking once', async () => {
  const calendar = { add: vi.fn(async () => {}).mockRejectedValueOnce(new Error('down')) }
  const receiver = createBookings(calendar, { provider })
  const request = await signedRequest(provider, 'booking.created')
  const statuses = [await receiver.receive(request), await receiver.receive(request), await receiver.receive(request)]
  expect(statuses.map(({ status }) => status)).toEqual([500, 200, 200])
  expect(calendar.add).toHaveBeenCalledTimes(2)
})

it('gives up waiting for a calendar that hangs', async () => {
  const clock = manualClock()
  const calendar = { add: () => new Promise<void>(() => {}) }
  const receiver = createBookings(calendar, { provider, clock, handlerTimeoutSeconds: 10 })
  const response = receiver.receive(await signedRequest(provider, 'booking.created'))
  // No waiting: the clock moves when told.
  await clock.advance(10_000)
  expect((await response).status).toBe(500)
})
