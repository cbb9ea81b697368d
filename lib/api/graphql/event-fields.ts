import {
  type GraphQLFieldConfig,
  type GraphQLFieldConfigMap,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLString,
} from '../../vendor/graphql.ts'
import { type ApiEvent, scopeOfTopic, type Topic } from '../events/hub.ts'
import { allow, type GraphqlContext } from './context.ts'
import { BigInt64, DateTime, JsonValue } from './scalars.ts'

const text = new GraphQLNonNull(GraphQLString)

const EventType = new GraphQLObjectType<ApiEvent, GraphqlContext>({
  name: 'Event',
  description: 'Something that happened.',
  fields: {
    position: {
      type: new GraphQLNonNull(BigInt64),
      description: 'Grows in the order in which things became visible: hand it over as `after` to go on from here.',
    },
    type: { type: text },
    subject: { type: text, description: 'Name of the dataset or collection, id of the flow, or key of the incident.' },
    at: { type: new GraphQLNonNull(DateTime) },
    data: { type: JsonValue, description: 'What else is known of it.' },
  },
})

function topicField(
  type: ApiEvent['type'],
  subject: string,
  description: string,
): GraphQLFieldConfig<ApiEvent, GraphqlContext> {
  return {
    type: new GraphQLNonNull(EventType),
    description,
    args: {
      [subject]: { type: GraphQLString, description: 'Left out: all.' },
      after: { type: BigInt64, description: 'The last position that was seen; left out: from now on.' },
    },
    resolve: (event) => event,
    subscribe: (_source, args: Record<string, unknown>, context) => {
      allow(context, 'events')
      allow(context, scopeOfTopic[type])
      const wanted = args[subject]
      const topic: Topic = typeof wanted === 'string' ? { type, subject: wanted } : { type }
      const after = args.after === undefined || args.after === null ? {} : { after: Number(args.after) }
      return context.events(topic, after)
    },
  }
}

/** The fields of subscriptions. */
export function eventFields(): GraphQLFieldConfigMap<ApiEvent, GraphqlContext> {
  return {
    versionPublished: topicField('version', 'dataset', 'A dataset has a new version.'),
    collectionPublished: topicField('collection', 'collection', 'A collection of documents has a new version.'),
    runChanged: topicField('run', 'flow', 'A run has changed its state.'),
    alert: topicField('alert', 'incident', 'An incident has opened or closed.'),
  }
}
