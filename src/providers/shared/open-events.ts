/** Events of a sender whose list of types is open and whose data is not modelled. */
export type OpenEvents = Readonly<Record<string, Readonly<Record<string, unknown>>>>
