/** Which run a step works for. Travels in `msg.run` as plain data. */
export interface RunRef {
  /** UUIDv5 of flow and slot. */
  id: string
  /** Stable id of the flow (the trigger node's id). */
  flow: string
  /** The scheduled instant in ISO UTC, or the event's key. */
  slot: string
  /** Fencing number: raised by whoever takes the run over; a step of an older epoch commits nothing. */
  epoch: number
  /** Key of the item inside an each/join, else ''. */
  item: string
}
