import { type Infer, Type } from '../../schema.ts'

/** How a service of AWS, or one that speaks its language, is reached. An empty text counts as not given. */
export const AwsSchema = Type.Object({
  region: Type.Optional(
    Type.String({ description: 'By default what the environment says (AWS_REGION), else us-east-1' }),
  ),
  endpoint: Type.Optional(
    Type.String({
      description: 'Address of an emulator or another maker’s server; the bucket then stands in the path',
    }),
  ),
  accessKeyId: Type.Optional(
    Type.String({ description: 'By default the chain of the SDK: environment, profile, role of the machine' }),
  ),
  secretAccessKey: Type.Optional(Type.String()),
  sessionToken: Type.Optional(Type.String()),
})
/** {@link AwsSchema} as a type. */
export type AwsOptions = Infer<typeof AwsSchema>
