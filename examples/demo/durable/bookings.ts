import { calcom } from 'crm-webhooks/providers/calcom'
import { signedRequest, toWebRequest } from 'crm-webhooks/testing'

/** The sender of the bookings. */
export const bookings = calcom({ secret: 'demo-secret' })

/** How long the CRM takes for a booking. */
export const HANDLER_MS = 80

/** Sends a booking as Cal.com does. The status of the answer; `undefined` without one. */
export async function sendBooking(origin: string, uid: string): Promise<number | undefined> {
  const request = await signedRequest(bookings, 'booking.created', {
    url: `${origin}/webhooks`,
    body: { payload: { uid } },
  })
  try {
    const response = await fetch(toWebRequest(request))
    await response.arrayBuffer()
    return response.status
  } catch {
    return undefined
  }
}
