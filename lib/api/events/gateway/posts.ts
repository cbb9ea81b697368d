import type * as Sdk from '@aws-sdk/client-apigatewaymanagementapi'
import { PipelineError } from '../../../errors.ts'
import { endAfter } from '../../../stopped.ts'
import { awsConfig, loadAws } from '../../../stores/aws/client.ts'

/** How long one post may take, with all its tries. */
const postMs = 5_000
/** Of those that the SDK makes itself where the gateway is busy. */
const tries = 2

/** What became of a post: it arrived; the connection is gone; it takes no more just now. */
export type Posted = 'taken' | 'gone' | 'full'

/** Says something to connections that somebody else holds. */
export interface Posts {
  /** Throws EVENTS_NOT_SENT (retryable), AWS_MISSING. */
  say(id: string, text: string | Uint8Array): Promise<Posted>
  /** Ends a connection; one that is gone is as good. Throws EVENTS_NOT_SENT, AWS_MISSING. */
  end(id: string): Promise<void>
  close(): void
}

/** Connections of an API Gateway WebSocket API, by its management API. `endpoint`: `https://DOMAIN/STAGE`. Throws STORE_CONFIG. */
export function gatewayPosts(endpoint: string): Posts {
  const config = { ...awsConfig({ endpoint }), maxAttempts: tries }
  let opening: Promise<{ sdk: typeof Sdk; client: Sdk.ApiGatewayManagementApiClient }> | undefined
  const open = () => {
    opening ??= loadAws(
      '@aws-sdk/client-apigatewaymanagementapi',
      () => import('@aws-sdk/client-apigatewaymanagementapi'),
    )
      .then((sdk) => ({ sdk, client: new sdk.ApiGatewayManagementApiClient(config) }))
      .catch((error: unknown) => {
        opening = undefined
        throw error
      })
    return opening
  }
  const outcome = async (work: (until: { abortSignal: AbortSignal }) => Promise<unknown>): Promise<Posted> => {
    try {
      await work({ abortSignal: endAfter(postMs) })
      return 'taken'
    } catch (cause) {
      const why = cause instanceof Error ? cause : new Error(String(cause))
      if (why.name === 'GoneException') return 'gone'
      // As AWS says: too many requests, or "the WebSocket client side buffer is full".
      if (why.name === 'LimitExceededException' || why.name === 'TooManyRequestsException') return 'full'
      throw new PipelineError(
        'EVENTS_NOT_SENT',
        `API Gateway takes no message for a subscriber: ${why.name}: ${why.message}`,
        {
          ...{ retryable: true, cause },
        },
      )
    }
  }
  return {
    async say(id, text) {
      const { sdk, client } = await open()
      const command = new sdk.PostToConnectionCommand({ ConnectionId: id, Data: Buffer.from(text) })
      return outcome((until) => client.send(command, until))
    },
    async end(id) {
      const { sdk, client } = await open()
      await outcome((until) => client.send(new sdk.DeleteConnectionCommand({ ConnectionId: id }), until))
    },
    close() {
      opening?.then(({ client }) => client.destroy()).catch(() => undefined)
    },
  }
}
