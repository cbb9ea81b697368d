/** The allow-list of a client that talks to servers of a test, all on this machine. */
export const loopback = ['127.0.0.1', '::1'] as const
